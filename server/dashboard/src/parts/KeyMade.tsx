import type { CreatedKey } from "../api/client";
import { Code } from "./Code";
import { Dialog } from "./Dialog";
import { Notice } from "./Notice";

/** A key that was made, once. */
export function KeyMade({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  return (
    <Dialog title={`The key “${made.name}”`} onClose={onClose}>
      <Notice kind="warn" title="Copy it now: it is never shown again.">
        It opens the API as {made.role}. If it is lost, revoke it and create another.
      </Notice>
      <Code text={made.key} of="the key" wrap />
      <div class="actions">
        <button type="button" class="button primary" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
