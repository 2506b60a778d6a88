import { useState } from "preact/hooks";
import { api, ask, type Key } from "../api/client";
import { Field } from "./Field";
import { FormDialog } from "./FormDialog";

interface Props {
  apiKey: Key;
  onClose: () => void;
  onRenamed: () => void;
}

export function RenameKey({ apiKey, onClose, onRenamed }: Props) {
  const [name, setName] = useState(apiKey.name);
  const rename = async () => {
    await ask(api.PUT("/api/keys", { body: { id: apiKey.id, name } }));
    onRenamed();
    onClose();
  };
  return (
    <FormDialog title="Rename the key" verb="Rename" meanwhile="Renaming…" isReady={Boolean(name.trim())} onClose={onClose} onSubmit={rename}>
      <Field label="Name">
        {(wiring) => <input {...wiring} type="text" required maxLength={100} autoFocus value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />}
      </Field>
    </FormDialog>
  );
}
