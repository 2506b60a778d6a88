import type { ComponentChildren } from "preact";

interface Props {
  kind: "info" | "good" | "warn" | "bad";
  title?: string;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}

/** Something the reader should know here. What went wrong is said at once by screen readers. */
export function Notice({ kind, title, actions, children }: Props) {
  return (
    <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : undefined}>
      <div class="notice-text">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}

/** Why something failed, if it did. */
export function FailureNotice({ text, retry }: { text: string | undefined; retry?: () => void }) {
  if (!text) return null;
  return (
    <Notice
      kind="bad"
      actions={
        retry && (
          <button type="button" class="button small" onClick={retry}>
            Try again
          </button>
        )
      }
    >
      {text}
    </Notice>
  );
}
