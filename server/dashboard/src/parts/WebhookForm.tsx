import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { EventName } from "../lib/events";
import { useAction } from "../lib/use-action";
import { EventPicker } from "./EventPicker";
import { Field } from "./Field";
import { FailureNotice } from "./Notice";
import { UrlField } from "./UrlField";

export interface WebhookInput {
  url: string;
  events: EventName[];
  description: string;
  rate_limit: number;
}

interface Props {
  initial: WebhookInput;
  verb: string;
  isDisabled?: boolean;
  cancel?: ComponentChildren;
  onSubmit: (input: WebhookInput) => Promise<unknown>;
}

/** What a webhook is made of, for a new one and for one that changes. */
export function WebhookForm({ initial, verb, isDisabled = false, cancel, onSubmit }: Props) {
  const [input, setInput] = useState(initial);
  const { run, isRunning, failure } = useAction(() => onSubmit(input));
  const change = (part: Partial<WebhookInput>) => setInput((before) => ({ ...before, ...part }));
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <fieldset class="plain" disabled={isDisabled}>
        <UrlField value={input.url} onInput={(url) => change({ url })} />
        <EventPicker value={input.events} onChange={(events) => change({ events })} />
        <Field label="Description" hint="For people: what it is for, and whose it is. Optional.">
          {(wiring) => (
            <input
              {...wiring}
              type="text"
              maxLength={500}
              value={input.description}
              onInput={(event) => change({ description: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="At most so many deliveries a second" hint="0 means no limit of its own.">
          {(wiring) => (
            <input
              {...wiring}
              type="number"
              class="narrow"
              min={0}
              max={10000}
              value={input.rate_limit}
              onInput={(event) => change({ rate_limit: Number(event.currentTarget.value) || 0 })}
            />
          )}
        </Field>
        <FailureNotice text={failure} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !input.url || input.events.length === 0}>
            {isRunning ? "Saving…" : verb}
          </button>
          {cancel}
        </div>
      </fieldset>
    </form>
  );
}
