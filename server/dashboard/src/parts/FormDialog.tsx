import type { ComponentChildren } from "preact";
import { useAction } from "../lib/use-action";
import { Dialog } from "./Dialog";
import { FailureNotice } from "./Notice";

interface Props {
  title: string;
  /** What the button does, and what it says meanwhile. */
  verb: string;
  meanwhile: string;
  isReady?: boolean;
  onClose: () => void;
  onSubmit: () => Promise<unknown>;
  children: ComponentChildren;
}

/** Asks for something in a dialog, and does it; what fails is said in it. */
export function FormDialog({ title, verb, meanwhile, isReady = true, onClose, onSubmit, children }: Props) {
  const { run, isRunning, failure } = useAction(onSubmit);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        {children}
        <FailureNotice text={failure} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={isRunning || !isReady}>
            {isRunning ? meanwhile : verb}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
