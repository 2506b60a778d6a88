import { useState } from "preact/hooks";
import { api, ask, type CreatedKey } from "../api/client";
import { useSession } from "../lib/session";
import { useAction } from "../lib/use-action";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { FailureNotice } from "./Notice";

const ROLES = [
  { role: "member", text: "Member: reads and writes" },
  { role: "readonly", text: "Read-only" },
  { role: "admin", text: "Admin: may also create admins' keys" },
];

export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (key: CreatedKey) => void }) {
  const { role: mine } = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState("member");
  const { run, isRunning, failure } = useAction(async () => onMade(await ask(api.POST("/api/keys", { body: { name, role } }))));
  return (
    <Dialog title="Create a key" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field label="Name" hint="Which program it is for, and where that runs.">
          {(wiring) => <input {...wiring} type="text" required maxLength={100} autoFocus value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />}
        </Field>
        <Field label="Role">
          {(wiring) => (
            <select {...wiring} value={role} onChange={({ currentTarget }) => setRole(currentTarget.value)}>
              {ROLES.filter(({ role }) => role !== "admin" || mine === "admin").map(({ role, text }) => (
                <option key={role} value={role}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        <FailureNotice text={failure} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !name.trim()}>
            {isRunning ? "Creating…" : "Create the key"}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
