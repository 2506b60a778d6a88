import type { Diagnosis } from "@encrata/webhooks/diagnose";
import { useEffect, useState } from "preact/hooks";
import { api, ask, type Delivery } from "../api/client";
import { readHeaders } from "../lib/headers";
import { usePlace } from "../lib/router";
import { useAction } from "../lib/use-action";
import { useLoad } from "../lib/use-load";
import { Field } from "../parts/Field";
import { FailureNotice, Notice } from "../parts/Notice";
import { Page } from "../parts/Page";

/** The delivery that the address names, if it names one. */
async function named(query: URLSearchParams): Promise<Delivery | undefined> {
  const [webhook_id, id] = [query.get("webhook"), query.get("delivery")];
  if (!webhook_id || !id) return undefined;
  return (await ask(api.GET("/api/webhooks/deliveries", { params: { query: { webhook_id, id } } }))) as Delivery;
}

/** Why a signature does not verify, found out in the browser: nothing that is pasted here leaves it. */
export function Diagnose() {
  const { query } = usePlace();
  const [body, setBody] = useState("");
  const [headers, setHeaders] = useState("");
  const [secret, setSecret] = useState("");
  const [found, setFound] = useState<Diagnosis>();
  const prefill = useLoad(() => named(query), []);
  useEffect(() => {
    const request = prefill.data?.request;
    if (!request) return;
    setBody(request.body);
    setHeaders(request.headers.map(([name, value]) => `${name}: ${value}`).join("\n"));
  }, [prefill.data]);
  const { run, isRunning, failure } = useAction(async () => {
    const { diagnose } = await import("@encrata/webhooks/diagnose");
    setFound(diagnose(body, readHeaders(headers), secret));
  });
  return (
    <Page
      title="Why did my signature fail?"
      lead="Paste what your receiver got and the secret it verified with. The check runs in this browser: nothing of it is sent anywhere."
    >
      <FailureNotice text={prefill.failure} />
      <form
        class="card"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field label="Body" hint="As your receiver verified it, byte for byte, if it can be had so.">
          {(wiring) => (
            <textarea {...wiring} class="mono" rows={5} required spellcheck={false} value={body} onInput={({ currentTarget }) => setBody(currentTarget.value)} />
          )}
        </Field>
        <Field label="Headers" hint="A line for each, like “x-encrata-signature: 3fb1…”, or the bare signature.">
          {(wiring) => (
            <textarea {...wiring} class="mono" rows={4} spellcheck={false} value={headers} onInput={({ currentTarget }) => setHeaders(currentTarget.value)} />
          )}
        </Field>
        <Field label="Secret" hint="As your receiver has it, with all its quotes and blanks, if there are any.">
          {(wiring) => (
            <textarea {...wiring} class="mono" rows={2} spellcheck={false} value={secret} onInput={({ currentTarget }) => setSecret(currentTarget.value)} />
          )}
        </Field>
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning}>
            {isRunning ? "Looking…" : "Find out"}
          </button>
        </div>
      </form>
      <div aria-live="polite">
        <FailureNotice text={failure} />
        {found && <Found found={found} />}
      </div>
    </Page>
  );
}

function Found({ found }: { found: Diagnosis }) {
  const isRight = found.cause === "match";
  return (
    <Notice kind={isRight ? "good" : "warn"} title={found.message}>
      <p>{found.fix}</p>
      {!isRight && <p class="muted">{found.proven ? "This is proven: with it, the signature matches or the fault is plain." : "This is likely, not proven."}</p>}
    </Notice>
  );
}
