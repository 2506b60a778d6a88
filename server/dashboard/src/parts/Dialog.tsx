import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  title: string;
  /** `panel` stands at the side, full height. */
  kind?: "box" | "panel";
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus within and gives it back. Escape and a click beside it close it. */
export function Dialog({ title, kind = "box", onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const label = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    const closed = () => close.current();
    element.showModal();
    element.addEventListener("close", closed);
    return () => {
      element.removeEventListener("close", closed);
      element.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={kind}
      aria-labelledby={label}
      onMouseDown={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog-inside">
        <header class="dialog-head">
          <h2 id={label}>{title}</h2>
          <button type="button" class="button quiet icon" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
