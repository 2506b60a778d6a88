import { useState } from "preact/hooks";
import { api, ask, type Webhook } from "../../api/client";
import { useAnnounce } from "../../lib/announce";
import { counted } from "../../lib/number";
import { RANGES } from "../../lib/ranges";
import { Field } from "../../parts/Field";
import { FormDialog } from "../../parts/FormDialog";

interface Props {
  webhook: Webhook;
  onClose: () => void;
  onQueued: () => void;
}

const OLDEST_MS = 10 * 365 * 86_400_000;

/** Sends again all that failed since a time, or what was never sent. */
export function ResendMany({ webhook, onClose, onQueued }: Props) {
  const announce = useAnnounce();
  const [what, setWhat] = useState<"failed" | "missed">(webhook.disabled_at ? "missed" : "failed");
  const [time, setTime] = useState("day");
  const resend = async () => {
    const ms = RANGES.find(({ name }) => name === time)?.ms ?? OLDEST_MS;
    const since = new Date(Date.now() - ms).toISOString();
    const body = { webhook_id: webhook.id, since, missed: what === "missed" };
    const { deliveries } = await ask(api.POST("/api/webhooks/deliveries/retry", { body }));
    announce(deliveries === 0 ? "There was nothing to send." : `${counted(deliveries, "delivery is", "deliveries are")} on the way again.`);
    onQueued();
    onClose();
  };
  return (
    <FormDialog title="Resend" verb="Send again" meanwhile="Queueing…" onClose={onClose} onSubmit={resend}>
      <fieldset class="plain">
        <legend>What to send</legend>
        <label class="choice">
          <input type="radio" name="what" checked={what === "failed"} onChange={() => setWhat("failed")} />
          <span>
            All that failed
            <span class="hint">Deliveries that were tried to the end of the schedule. It starts anew for each.</span>
          </span>
        </label>
        <label class="choice">
          <input type="radio" name="what" checked={what === "missed"} onChange={() => setWhat("missed")} />
          <span>
            All that was missed
            <span class="hint">Events it subscribes to that came while it was paused, switched off, or not there yet.</span>
          </span>
        </label>
      </fieldset>
      <Field label="Of which time" hint="Counted by when the event was accepted. Receivers see the same webhook-id as before.">
        {(wiring) => (
          <select {...wiring} value={time} onChange={(event) => setTime(event.currentTarget.value)}>
            {RANGES.map(({ name, text }) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
            <option value="">All that is kept</option>
          </select>
        )}
      </Field>
    </FormDialog>
  );
}
