import { useState } from "preact/hooks";
import { api, ask, type CreatedKey } from "../api/client";
import { useSession } from "../lib/session";
import { Field } from "./Field";
import { FormDialog } from "./FormDialog";

const ROLES = [
  { role: "member", text: "Member: reads and writes" },
  { role: "readonly", text: "Read-only" },
  { role: "admin", text: "Admin: may also create admins' keys" },
];

export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (key: CreatedKey) => void }) {
  const { role: mine } = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState("member");
  const create = async () => onMade(await ask(api.POST("/api/keys", { body: { name, role } })));
  return (
    <FormDialog title="Create a key" verb="Create the key" meanwhile="Creating…" isReady={Boolean(name.trim())} onClose={onClose} onSubmit={create}>
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
    </FormDialog>
  );
}
