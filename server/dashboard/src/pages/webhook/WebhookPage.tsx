import type { ComponentChildren } from "preact";
import { api, ask, type Webhook } from "../../api/client";
import { href } from "../../lib/router";
import { useLoad } from "../../lib/use-load";
import { FailureNotice } from "../../parts/Notice";
import { Page } from "../../parts/Page";
import { Skeleton } from "../../parts/Skeleton";
import { WebhookState } from "../../parts/WebhookState";
import { NotFound } from "../NotFound";
import { Deliveries } from "./Deliveries";
import { OverviewTab } from "./OverviewTab";
import { Settings } from "./Settings";
import { TestTab } from "./TestTab";

export interface TabProps {
  webhook: Webhook;
  /** Asks for the webhook again, after a change. */
  reload: () => void;
}

interface Tab {
  text: string;
  content: (props: TabProps, rest: string | undefined) => ComponentChildren;
}

const TABS: Record<string, Tab> = {
  overview: { text: "Overview", content: (props) => <OverviewTab {...props} /> },
  deliveries: { text: "Deliveries", content: (props, rest) => <Deliveries {...props} open={rest} /> },
  test: { text: "Test", content: (props) => <TestTab {...props} /> },
  settings: { text: "Settings", content: (props) => <Settings {...props} /> },
};

/** One webhook: what it does, what was delivered, a test, its settings. */
export function WebhookPage({ id, tab, rest }: { id: string; tab: string; rest: string | undefined }) {
  const load = async () => (await ask(api.GET("/api/webhooks", { params: { query: { id } } }))) as Webhook;
  const { data: webhook, failure, reload } = useLoad(load, [id]);
  const shown = TABS[tab];
  if (!shown) return <NotFound />;
  return (
    <Page
      title={webhook ? webhook.url.replace(/^https:\/\//, "") : "Webhook"}
      tab={`${shown.text} · Webhook`}
      lead={webhook ? webhook.description || "No description" : " "}
      actions={webhook && <WebhookState webhook={webhook} />}
    >
      <nav class="page-nav" aria-label="This webhook">
        {Object.entries(TABS).map(([name, { text }]) => (
          <a key={name} href={href(`/w/${id}${name === "overview" ? "" : `/${name}`}`)} aria-current={name === tab ? "page" : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <FailureNotice text={failure} retry={reload} />
      {webhook ? shown.content({ webhook, reload }, rest) : !failure && <Skeleton rows={4} />}
    </Page>
  );
}
