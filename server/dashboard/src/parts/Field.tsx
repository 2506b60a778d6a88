import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Wiring {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

interface Props {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong with what was typed, and what to do. Given, its line is always there, so nothing jumps. */
  error?: string | undefined;
  /** What is right about it. */
  good?: string | undefined;
  children: (wiring: Wiring) => ComponentChildren;
}

/** A control with its label, its hint and what is wrong with it. */
export function Field(props: Props) {
  const { label, hint, error, good, children } = props;
  const maySay = "error" in props || "good" in props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({ id, "aria-describedby": `${id}-hint ${id}-said`, "aria-invalid": !!error })}
      {maySay && (
        <p class={error ? "said bad" : "said good"} id={`${id}-said`} aria-live="polite">
          {error ?? good}
        </p>
      )}
    </div>
  );
}
