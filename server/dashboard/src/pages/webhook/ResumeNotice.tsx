import { api, ask } from "../../api/client";
import { sentence } from "../../api/failure";
import { href } from "../../lib/router";
import { useAnnounce } from "../../lib/announce";
import { useSession } from "../../lib/session";
import { useAction } from "../../lib/use-action";
import { FailureNotice, Notice } from "../../parts/Notice";
import { Time } from "../../parts/Time";
import type { TabProps } from "./WebhookPage";

/** Why a webhook gets nothing or fails, and the way out. */
export function ResumeNotice({ webhook, reload }: TabProps) {
  const { mayWrite } = useSession();
  const announce = useAnnounce();
  const resume = useAction(async () => {
    await ask(api.PUT("/api/webhooks", { body: { id: webhook.id, url: webhook.url, is_active: true } }));
    announce("The webhook is active again.");
    reload();
  });
  const button = mayWrite && (
    <button type="button" class="button" disabled={resume.isRunning} onClick={() => resume.run()}>
      {webhook.disabled_reason ? "Switch on again" : "Resume"}
    </button>
  );
  return (
    <>
      {webhook.disabled_reason && (
        <Notice kind="warn" title="The server switched this webhook off." actions={button}>
          {sentence(webhook.disabled_reason)} {webhook.disabled_at && <Time at={webhook.disabled_at} />}. Mend the receiver, send a
          test, switch it on, then <a href={href(`/w/${webhook.id}/deliveries`)}>send what it missed</a>.
        </Notice>
      )}
      {!webhook.is_active && !webhook.disabled_reason && (
        <Notice kind="info" title="This webhook is paused." actions={button}>
          What waits for it goes on waiting; events that come meanwhile are not queued for it, and can be sent afterwards.
        </Notice>
      )}
      {webhook.is_active && webhook.failing_since && (
        <Notice kind="warn" title="Nothing has succeeded here lately.">
          Every attempt has failed since <Time at={webhook.failing_since} as="short" />. The{" "}
          <a href={href(`/w/${webhook.id}/deliveries?status=pending`)}>deliveries that wait</a> say why. After days of this the
          server switches the webhook off.
        </Notice>
      )}
      <FailureNotice text={resume.failure} />
    </>
  );
}
