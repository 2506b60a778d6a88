import { useState } from "preact/hooks";
import { api, ask } from "../../api/client";
import { useAnnounce } from "../../lib/announce";
import type { EventName } from "../../lib/events";
import { go } from "../../lib/router";
import { useSession } from "../../lib/session";
import { useAction } from "../../lib/use-action";
import { Confirm } from "../../parts/Confirm";
import { FailureNotice, Notice } from "../../parts/Notice";
import { WebhookForm } from "../../parts/WebhookForm";
import { Rotation } from "./Rotation";
import type { TabProps } from "./WebhookPage";

/** What can be changed of a webhook. */
export function Settings({ webhook, reload }: TabProps) {
  const { mayWrite } = useSession();
  const announce = useAnnounce();
  const { id, url, description, rate_limit } = webhook;
  // What it gives is what it takes.
  const events = webhook.events as EventName[];
  const initial = { url, events, description, rate_limit: rate_limit ?? 0 };
  return (
    <>
      {!mayWrite && <Notice kind="info">The key you signed in with may only read.</Notice>}
      <WebhookForm
        initial={initial}
        verb="Save changes"
        isDisabled={!mayWrite}
        onSubmit={async (input) => {
          await ask(api.PUT("/api/webhooks", { body: { id, ...input } }));
          announce("The changes are saved.");
          reload();
        }}
      />
      {mayWrite && (
        <>
          <Rotation webhook={webhook} reload={reload} />
          <Pause webhook={webhook} reload={reload} />
          <Delete webhook={webhook} reload={reload} />
        </>
      )}
    </>
  );
}

function Pause({ webhook, reload }: TabProps) {
  const announce = useAnnounce();
  const { id, url, is_active } = webhook;
  const { run, isRunning, failure } = useAction(async () => {
    await ask(api.PUT("/api/webhooks", { body: { id, url, is_active: !is_active } }));
    announce(is_active ? "The webhook is paused." : "The webhook is active again.");
    reload();
  });
  return (
    <section class="card row-card">
      <div>
        <h2>{is_active ? "Pause" : "Resume"}</h2>
        <p class="hint">
          {is_active
            ? "Nothing is sent while it is paused. What waits goes on waiting; what comes meanwhile can be sent afterwards."
            : "What waits is sent at once. What came meanwhile is sent by “Resend…” among its deliveries."}
        </p>
        <FailureNotice text={failure} />
      </div>
      <button type="button" class="button" disabled={isRunning} onClick={() => run()}>
        {is_active ? "Pause" : "Resume"}
      </button>
    </section>
  );
}

function Delete({ webhook }: TabProps) {
  const announce = useAnnounce();
  const [isAsking, setAsking] = useState(false);
  const remove = async () => {
    await ask(api.DELETE("/api/webhooks", { params: { query: { id: webhook.id } } }));
    announce("The webhook is deleted.");
    go("/", { replace: true });
  };
  return (
    <section class="card row-card">
      <div>
        <h2>Delete</h2>
        <p class="hint">Removes the webhook, its secret and its history of deliveries, for good.</p>
      </div>
      <button type="button" class="button danger" onClick={() => setAsking(true)}>
        Delete…
      </button>
      {isAsking && (
        <Confirm title="Delete this webhook?" verb="Delete the webhook" onClose={() => setAsking(false)} onConfirm={remove}>
          <p class="mono">{webhook.url}</p>
          <p>It gets nothing more from now on, what waits for it is dropped, and its history goes. This can't be taken back.</p>
        </Confirm>
      )}
    </section>
  );
}
