import { useState } from "preact/hooks";
import { api, ask, type Webhook } from "../api/client";
import { href } from "../lib/router";
import { useSession } from "../lib/session";
import { Notice } from "../parts/Notice";
import { Page } from "../parts/Page";
import { SecretOnce } from "../parts/SecretOnce";
import { WebhookForm, type WebhookInput } from "../parts/WebhookForm";

const EMPTY: WebhookInput = { url: "", events: [], description: "", rate_limit: 0 };

/** Makes a webhook, then shows its secret and what to do with it. */
export function NewWebhook() {
  const { mayWrite } = useSession();
  const [made, setMade] = useState<Webhook>();
  if (made?.secret) return <Made key="made" webhook={made} secret={made.secret} />;
  return (
    <Page key="form" title="Add a webhook" lead="Its signing secret comes next, with code for the receiver.">
      {!mayWrite && <Notice kind="info">The key you signed in with may only read.</Notice>}
      <WebhookForm
        initial={EMPTY}
        verb="Add the webhook"
        isDisabled={!mayWrite}
        onSubmit={async (input) => setMade(await ask(api.POST("/api/webhooks", { body: input })))}
        cancel={
          <a class="button quiet" href={href("/")}>
            Cancel
          </a>
        }
      />
    </Page>
  );
}

function Made({ webhook, secret }: { webhook: Webhook; secret: string }) {
  return (
    <Page title="The webhook is made" lead={<code>{webhook.url}</code>}>
      <SecretOnce
        secret={secret}
        warning="Keep it where your receiver reads its secrets. If it is lost, rotate it."
        done={
          <>
            <a class="button primary" href={href(`/w/${webhook.id}/test`)}>
              I have kept it: send a test
            </a>
            <a class="button" href={href(`/w/${webhook.id}`)}>
              To the webhook
            </a>
          </>
        }
      />
    </Page>
  );
}
