import { href } from "../lib/router";
import { Page } from "../parts/Page";

export function NotFound() {
  return (
    <Page title="There is no such page" lead="The address may be mistyped, or what it named was deleted.">
      <p>
        <a href={href("/")}>Go to the webhooks</a>
      </p>
    </Page>
  );
}
