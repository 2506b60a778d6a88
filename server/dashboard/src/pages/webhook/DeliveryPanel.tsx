import { useState } from "preact/hooks";
import { api, ask, type Delivery } from "../../api/client";
import { advice } from "../../lib/advice";
import { useAnnounce } from "../../lib/announce";
import { href } from "../../lib/router";
import { useSession } from "../../lib/session";
import { useAction } from "../../lib/use-action";
import { useLoad } from "../../lib/use-load";
import { Attempts } from "../../parts/Attempts";
import { DeliveryBadge } from "../../parts/Badge";
import { Dialog } from "../../parts/Dialog";
import { FailureNotice, Notice } from "../../parts/Notice";
import { RequestView } from "../../parts/RequestView";
import { Skeleton } from "../../parts/Skeleton";
import { Time } from "../../parts/Time";
import { sentence } from "../../api/failure";

interface Props {
  webhookId: string;
  id: string;
  /** Changes when the delivery does. */
  version: string;
  onClose: () => void;
}

/** One delivery, beside the list: what came of it, each attempt, the very request. */
export function DeliveryPanel({ webhookId, id, version, onClose }: Props) {
  const [sent, setSent] = useState(0);
  const load = async () => (await ask(api.GET("/api/webhooks/deliveries", { params: { query: { webhook_id: webhookId, id } } }))) as Delivery;
  const { data, failure, reload } = useLoad(load, [id, version, sent]);
  return (
    <Dialog title={data?.event_type ?? "Delivery"} kind="panel" onClose={onClose}>
      <FailureNotice text={failure} retry={reload} />
      {!data && !failure && <Skeleton rows={8} />}
      {data && <Detail delivery={data} onResent={() => setSent((times) => times + 1)} />}
    </Dialog>
  );
}

function Detail({ delivery, onResent }: { delivery: Delivery; onResent: () => void }) {
  const { mayWrite } = useSession();
  const { id, webhook_id, event_id, status, error, created_at, next_attempt_at, attempt_log, request } = delivery;
  return (
    <>
      <dl class="facts">
        <dt>Status</dt>
        <dd>
          <DeliveryBadge status={status} />
        </dd>
        <dt>Accepted</dt>
        <dd>
          <Time at={created_at} as="full" />
        </dd>
        {next_attempt_at && (
          <>
            <dt>Next attempt</dt>
            <dd>
              {Date.parse(next_attempt_at) > Date.now() ? <Time at={next_attempt_at} /> : "as soon as its turn comes"}
            </dd>
          </>
        )}
        <dt>webhook-id</dt>
        <dd class="mono">{event_id}</dd>
        <dt>Delivery</dt>
        <dd class="mono">{id}</dd>
      </dl>
      {error && (
        <Notice kind={status === "failed" ? "bad" : "warn"} title={sentence(error)}>
          {advice(delivery)}{" "}
          {[400, 401, 403].includes(delivery.response_status ?? 0) && (
            <a href={href(`/diagnose?webhook=${webhook_id}&delivery=${id}`)}>Why did my signature fail?</a>
          )}
        </Notice>
      )}
      <ResendOne id={id} onResent={onResent} />
      <h3>Attempts</h3>
      <Attempts attempts={attempt_log} />
      <h3>Request</h3>
      {request && <RequestView request={request} />}
      <p class="hint">
        {mayWrite
          ? "Signed with the secret in force now, and the time of the last attempt."
          : "A read-only key sees all of it but the signatures."}
      </p>
    </>
  );
}

function ResendOne({ id, onResent }: { id: string; onResent: () => void }) {
  const { mayWrite } = useSession();
  const announce = useAnnounce();
  const { run, isRunning, failure } = useAction(async () => {
    await ask(api.POST("/api/webhooks/deliveries/retry", { body: { id } }));
    announce("The delivery is on its way again.");
    onResent();
  });
  if (!mayWrite) return null;
  return (
    <>
      <div class="actions">
        <button type="button" class="button" disabled={isRunning} onClick={() => run()}>
          {isRunning ? "Queueing…" : "Resend"}
        </button>
      </div>
      <FailureNotice text={failure} />
    </>
  );
}
