import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../api/client";
import { sentence, tell } from "../api/failure";
import { Field } from "./Field";

interface Props {
  value: string;
  onInput: (url: string) => void;
}

const PAUSE_MS = 300;

/** The URL of a webhook, checked by the server while it is typed. */
export function UrlField({ value, onInput }: Props) {
  const [checked, setChecked] = useState<{ url: string; error?: string }>({ url: "" });
  useEffect(() => {
    let isStale = false;
    const check = async () => {
      const { ok, error } = await ask(api.POST("/api/webhooks/check", { body: { url: value } }));
      if (!isStale) setChecked(ok ? { url: value } : { url: value, error: sentence(error ?? "It can't be delivered to") });
    };
    const failed = (thrown: unknown) => !isStale && setChecked({ url: value, error: tell(thrown) });
    const timer = setTimeout(() => void (value && check().catch(failed)), PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [value]);
  const isKnown = value !== "" && checked.url === value;
  return (
    <Field
      label="URL"
      hint="Where events are sent: https, and reachable from the internet."
      error={isKnown ? checked.error : undefined}
      good={isKnown && !checked.error ? "Events can be sent there." : undefined}
    >
      {(wiring) => (
        <input
          {...wiring}
          type="url"
          class="mono"
          required
          spellcheck={false}
          autoComplete="off"
          placeholder="https://example.com/webhooks"
          value={value}
          onInput={(event) => onInput(event.currentTarget.value.trim())}
        />
      )}
    </Field>
  );
}
