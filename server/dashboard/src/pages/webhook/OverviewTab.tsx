import { useCallback } from "preact/hooks";
import { api, ask } from "../../api/client";
import { count, rate } from "../../lib/number";
import { useEvery } from "../../lib/use-every";
import { useLoad } from "../../lib/use-load";
import { Charts } from "../../parts/Charts";
import { DeliveryBadge } from "../../parts/Badge";
import { Time } from "../../parts/Time";
import { ResumeNotice } from "./ResumeNotice";
import type { TabProps } from "./WebhookPage";

/** How a webhook does: figures, charts, and what it is. */
export function OverviewTab({ webhook, reload }: TabProps) {
  const overviews = useLoad(() => ask(api.GET("/api/webhooks/overview")), [webhook.id]);
  useEvery(15, useCallback(overviews.reload, [overviews.reload]));
  const now = overviews.data?.find(({ webhook_id }) => webhook_id === webhook.id);
  const known = typeof now?.success_rate === "number" ? rate(now.success_rate) : "–";
  return (
    <>
      <ResumeNotice webhook={webhook} reload={reload} />
      <dl class="figures">
        <div>
          <dt>Success, 24 h</dt>
          <dd>{now ? known : "…"}</dd>
        </div>
        <div>
          <dt>Delivered, 24 h</dt>
          <dd>{now ? count(now.delivered_24h) : "…"}</dd>
        </div>
        <div>
          <dt>Failed, 24 h</dt>
          <dd>{now ? count(now.failed_24h) : "…"}</dd>
        </div>
        <div>
          <dt>Waiting now</dt>
          <dd>{now ? `${count(now.waiting)}${now.waiting >= 1000 ? "+" : ""}` : "…"}</dd>
        </div>
        <div>
          <dt>Last delivery</dt>
          <dd class="figure-small">
            {now?.last_delivery_at ? (
              <>
                <Time at={now.last_delivery_at} /> {now.last_status && <DeliveryBadge status={now.last_status} />}
              </>
            ) : now ? (
              "never"
            ) : (
              "…"
            )}
          </dd>
        </div>
      </dl>
      <Charts webhookId={webhook.id} />
      <section class="card">
        <h2>What it is</h2>
        <dl class="facts">
          <dt>URL</dt>
          <dd class="mono">{webhook.url}</dd>
          <dt>Events</dt>
          <dd class="mono">{webhook.events.join(", ")}</dd>
          <dt>Limit</dt>
          <dd>{webhook.rate_limit ? `${count(webhook.rate_limit)} deliveries a second` : "none"}</dd>
          <dt>Made</dt>
          <dd>
            <Time at={webhook.created_at} as="full" />
          </dd>
          <dt>Changed</dt>
          <dd>
            <Time at={webhook.updated_at} as="full" />
          </dd>
          <dt>Id</dt>
          <dd class="mono">{webhook.id}</dd>
        </dl>
      </section>
    </>
  );
}
