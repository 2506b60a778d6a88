import { useState } from "preact/hooks";
import { api, ask } from "../../api/client";
import { useAnnounce } from "../../lib/announce";
import { useAction } from "../../lib/use-action";
import { Confirm } from "../../parts/Confirm";
import { Dialog } from "../../parts/Dialog";
import { FailureNotice, Notice } from "../../parts/Notice";
import { SecretOnce } from "../../parts/SecretOnce";
import { Time } from "../../parts/Time";
import type { TabProps } from "./WebhookPage";

const OVERLAPS = [
  { seconds: 3600, text: "1 hour" },
  { seconds: 86_400, text: "24 hours" },
  { seconds: 604_800, text: "7 days" },
  { seconds: 0, text: "None: the old secret has leaked" },
];

/** A new secret: the old one stays in force until the new one is deployed. */
export function Rotation({ webhook, reload }: TabProps) {
  const [isAsking, setAsking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [overlap, setOverlap] = useState(86_400);
  const announce = useAnnounce();
  const { id, overlap_until } = webhook;
  const rotate = async () => {
    const rotated = await ask(api.POST("/api/webhooks/rotate", { body: { id, overlap_seconds: overlap } }));
    setSecret(rotated.secret ?? undefined);
    reload();
  };
  const finish = useAction(async () => {
    await ask(api.POST("/api/webhooks/rotate", { body: { id, finish: true } }));
    announce("The new secret alone is in force.");
    reload();
  });
  return (
    <section class="card">
      <div class="row-card">
        <div>
          <h2>Signing secret</h2>
          <p class="hint">A new secret, with a time in which the old one is in force too, so that no delivery is lost.</p>
        </div>
        <button type="button" class="button" onClick={() => setAsking(true)}>
          Rotate…
        </button>
      </div>
      {overlap_until && (
        <Notice
          kind="info"
          title="Two secrets are in force."
          actions={
            <button type="button" class="button primary" disabled={finish.isRunning} onClick={() => finish.run()}>
              I have deployed it
            </button>
          }
        >
          <code>webhook-signature</code> carries both, <code>X-Encrata-Signature</code> the old one, until{" "}
          <Time at={overlap_until} as="full" />. Say so when the new one is deployed, and it alone counts.
        </Notice>
      )}
      <FailureNotice text={finish.failure} />
      {isAsking && (
        <Confirm title="Rotate the signing secret?" verb="Make a new secret" isGrave={overlap === 0} onClose={() => setAsking(false)} onConfirm={rotate}>
          <fieldset class="plain">
            <legend>How long the old secret stays in force</legend>
            {OVERLAPS.map(({ seconds, text }) => (
              <label key={seconds} class="choice">
                <input type="radio" name="overlap" checked={overlap === seconds} onChange={() => setOverlap(seconds)} />
                <span>{text}</span>
              </label>
            ))}
          </fieldset>
        </Confirm>
      )}
      {secret && (
        <Dialog title="The new secret" onClose={() => setSecret(undefined)}>
          <SecretOnce
            secret={secret}
            warning={
              overlap === 0
                ? "The old one no longer counts: deliveries fail until your receiver has this one, and are tried again."
                : "Deploy it beside the old one or in its place, then say “I have deployed it” in the settings."
            }
            done={
              <button type="button" class="button primary" onClick={() => setSecret(undefined)}>
                I have kept it
              </button>
            }
          />
        </Dialog>
      )}
    </section>
  );
}
