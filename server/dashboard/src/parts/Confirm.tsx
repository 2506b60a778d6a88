import type { ComponentChildren } from "preact";
import { useAction } from "../lib/use-action";
import { Dialog } from "./Dialog";
import { FailureNotice } from "./Notice";

interface Props {
  title: string;
  /** What the button does, as a verb. */
  verb: string;
  isGrave?: boolean;
  onClose: () => void;
  /** Does it; the dialog closes when it is done. */
  onConfirm: () => Promise<unknown>;
  children: ComponentChildren;
}

/** Asks before something that can't be taken back. */
export function Confirm({ title, verb, isGrave = true, onClose, onConfirm, children }: Props) {
  const { run, isRunning, failure } = useAction(onConfirm);
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="prose">{children}</div>
      <FailureNotice text={failure} />
      <div class="actions">
        <button type="button" class="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={isGrave ? "button danger" : "button primary"}
          disabled={isRunning}
          onClick={async () => {
            if (await run()) onClose();
          }}
        >
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
