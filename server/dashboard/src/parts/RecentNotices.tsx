import type { WebhookNotice } from "../api/client";
import { href } from "../lib/router";
import { Time } from "./Time";

const SHOWN = 5;

/** What the server did to webhooks by itself, and which of them work again. */
export function RecentNotices({ notices }: { notices: WebhookNotice[] | undefined }) {
  if (!notices?.length) return null;
  return (
    <section class="card notices" aria-labelledby="notices">
      <h2 id="notices">Lately</h2>
      <ul role="list">
        {notices.slice(0, SHOWN).map((notice) => (
          <li key={notice.id}>
            <Time at={notice.created_at} />: <a href={href(`/w/${notice.webhook_id}`)}>{notice.url}</a>{" "}
            {notice.event === "webhook.disabled" ? `was switched off: ${notice.reason}` : "works again"}
          </li>
        ))}
      </ul>
    </section>
  );
}
