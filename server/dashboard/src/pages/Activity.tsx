import { Charts } from "../parts/Charts";
import { Page } from "../parts/Page";

/** What all webhooks of the workspace do. */
export function Activity() {
  return (
    <Page title="Activity" lead="All webhooks of the workspace together.">
      <Charts />
    </Page>
  );
}
