import { useState } from "preact/hooks";
import { api, ask, type Key } from "../api/client";
import { useAction } from "../lib/use-action";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { FailureNotice } from "./Notice";

interface Props {
  apiKey: Key;
  onClose: () => void;
  onRenamed: () => void;
}

export function RenameKey({ apiKey, onClose, onRenamed }: Props) {
  const [name, setName] = useState(apiKey.name);
  const { run, isRunning, failure } = useAction(async () => {
    await ask(api.PUT("/api/keys", { body: { id: apiKey.id, name } }));
    onRenamed();
    onClose();
  });
  return (
    <Dialog title="Rename the key" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field label="Name">
          {(wiring) => <input {...wiring} type="text" required maxLength={100} autoFocus value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />}
        </Field>
        <FailureNotice text={failure} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !name.trim()}>
            Rename
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
