import { useCallback } from "preact/hooks";
import { api, ask, type Overview, type Webhook } from "../api/client";
import { counted, rate } from "../lib/number";
import { here, href } from "../lib/router";
import { useSession } from "../lib/session";
import { useEvery } from "../lib/use-every";
import { useLoad } from "../lib/use-load";
import { DeliveryBadge } from "../parts/Badge";
import { Empty } from "../parts/Empty";
import { FailureNotice } from "../parts/Notice";
import { Page } from "../parts/Page";
import { RecentNotices } from "../parts/RecentNotices";
import { Skeleton } from "../parts/Skeleton";
import { Sparkline } from "../parts/Sparkline";
import { Time } from "../parts/Time";
import { WebhookState } from "../parts/WebhookState";

const loadWebhooks = async () => (await ask(api.GET("/api/webhooks"))) as Webhook[];

// The first view is asked for beside the session, not after it.
let early = here().path === "/" ? loadWebhooks() : undefined;
early?.catch(() => {});

function firstWebhooks(): Promise<Webhook[]> {
  const asked = early?.catch(loadWebhooks) ?? loadWebhooks();
  early = undefined;
  return asked;
}

async function loadOverviews(): Promise<Map<string, Overview>> {
  const overviews = await ask(api.GET("/api/webhooks/overview"));
  return new Map(overviews.map((overview) => [overview.webhook_id, overview]));
}

const loadNotices = () => ask(api.GET("/api/webhooks/notices"));

/** All webhooks of the workspace, and how each does. */
export function Webhooks() {
  const { mayWrite } = useSession();
  const { data: webhooks, failure, reload } = useLoad(firstWebhooks, []);
  const overviews = useLoad(loadOverviews, []);
  const notices = useLoad(loadNotices, []);
  useEvery(
    15,
    useCallback(() => {
      reload();
      overviews.reload();
      notices.reload();
    }, []),
  );
  const create = mayWrite && (
    <a class="button primary" href={href("/new")}>
      Add a webhook
    </a>
  );
  return (
    <Page
      title="Webhooks"
      lead="Encrata sends each event to the URLs that subscribe to it, signed, until it arrives."
      actions={webhooks?.length ? create : undefined}
    >
      <FailureNotice text={failure ?? overviews.failure ?? notices.failure} retry={failure ? reload : overviews.failure ? overviews.reload : notices.reload} />
      {!webhooks && !failure && <Skeleton rows={3} tall />}
      {webhooks?.length === 0 && (
        <Empty title="No webhook yet" action={create}>
          Name a URL of yours and the events it wants. You get a signing secret, code for the receiver, and can send a test
          before anything real happens.
        </Empty>
      )}
      {webhooks && webhooks.length > 0 && (
        <ul class="webhooks" role="list">
          {webhooks.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} overview={overviews.data?.get(webhook.id)} />
          ))}
        </ul>
      )}
      <RecentNotices notices={notices.data} />
    </Page>
  );
}

function Row({ webhook, overview }: { webhook: Webhook; overview: Overview | undefined }) {
  return (
    <li class="webhook">
      <div class="webhook-name">
        <a href={href(`/w/${webhook.id}`)}>{webhook.url}</a>
        <p>
          {webhook.description && <span class="webhook-for">{webhook.description}</span>}
          <span class="muted">{webhook.events.length === 6 ? "All events" : webhook.events.join(", ")}</span>
        </p>
        {webhook.disabled_reason && <p class="bad-text">{webhook.disabled_reason}</p>}
      </div>
      <WebhookState webhook={webhook} />
      {overview && <Glance overview={overview} />}
    </li>
  );
}

function Glance({ overview }: { overview: Overview }) {
  const { success_rate, delivered_24h, failed_24h, retried_24h, last_delivery_at, last_status } = overview;
  const attempts = delivered_24h + failed_24h + retried_24h;
  return (
    <>
      <Sparkline hours={overview.hourly} />
      <dl class="glance">
        <div>
          <dt>24 h</dt>
          <dd>
            {success_rate === null || success_rate === undefined ? (
              <span class="muted">no deliveries</span>
            ) : (
              <span title={`${counted(delivered_24h, "delivery", "deliveries")} arrived, ${failed_24h} failed, ${retried_24h} attempts were to be made again`}>
                {rate(success_rate)} <span class="muted">of {counted(attempts, "attempt", "attempts")}</span>
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt>Last</dt>
          <dd>
            {last_delivery_at ? (
              <>
                <Time at={last_delivery_at} /> {last_status && <DeliveryBadge status={last_status} />}
              </>
            ) : (
              <span class="muted">never</span>
            )}
          </dd>
        </div>
      </dl>
    </>
  );
}
