import { useState } from "preact/hooks";
import { api, ask, type Tested } from "../../api/client";
import { sentence } from "../../api/failure";
import { advice } from "../../lib/advice";
import { EVENTS } from "../../lib/events";
import { href } from "../../lib/router";
import { useSession } from "../../lib/session";
import { lasted } from "../../lib/time";
import { useAction } from "../../lib/use-action";
import { Badge } from "../../parts/Badge";
import { Code } from "../../parts/Code";
import { Field } from "../../parts/Field";
import { FailureNotice, Notice } from "../../parts/Notice";
import { RequestView } from "../../parts/RequestView";
import type { TabProps } from "./WebhookPage";

/** Sends a sample, once, and shows request and answer. */
export function TestTab({ webhook }: TabProps) {
  const { mayWrite } = useSession();
  const [event, setEvent] = useState("test");
  const [tested, setTested] = useState<Tested>();
  const { run, isRunning, failure } = useAction(async () => {
    setTested(await ask(api.POST("/api/webhooks/test", { body: { id: webhook.id, event } })));
  });
  const about = EVENTS.find(({ name }) => name === event)?.description;
  return (
    <>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field label="Event" hint="A sample of it is sent at once, one attempt, with test: true in its data. Works while paused, too." good={about}>
          {(wiring) => (
            <select {...wiring} value={event} onChange={({ currentTarget }) => setEvent(currentTarget.value)}>
              {[...EVENTS].reverse().map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !mayWrite}>
            {isRunning ? "Sending…" : "Send the test"}
          </button>
        </div>
        <FailureNotice text={failure} />
      </form>
      <div aria-live="polite">{tested && <Result key={tested.delivery_id} tested={tested} webhookId={webhook.id} />}</div>
    </>
  );
}

function Result({ tested, webhookId }: { tested: Tested; webhookId: string }) {
  const { status, status_code, response_body, error, duration_ms, delivery_id, request } = tested;
  const hasArrived = status === "delivered";
  const why = error ?? `the receiver answered ${status_code}, not 2xx`;
  return (
    <section class="card" aria-label="What came of it">
      <header class="result-head">
        <Badge kind={hasArrived ? "good" : "bad"}>{hasArrived ? "Delivered" : "Failed"}</Badge>
        <span>
          {status_code ? `answered ${status_code}` : "no answer"} after {lasted(duration_ms)}
        </span>
        <a href={href(`/w/${webhookId}/deliveries/${delivery_id}`)}>Open the delivery</a>
      </header>
      {!hasArrived && (
        <Notice kind="warn" title={sentence(why)}>
          {advice({ response_status: status_code, error: why })}
        </Notice>
      )}
      <h2>Answer</h2>
      {response_body ? <Code text={response_body} of="the receiver's answer" wrap /> : <p class="muted">{status_code ? "Its body is empty." : "None came."}</p>}
      <h2>Request</h2>
      <RequestView request={request} />
    </section>
  );
}
