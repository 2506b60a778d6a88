import { useEffect, useState } from "preact/hooks";

/** Copies a text, and says that it did. */
export function Copy({ text, of }: { text: string; of: string }) {
  const [state, setState] = useState<"" | "Copied" | "Not allowed: select and copy">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState("Copied"),
      () => setState("Not allowed: select and copy"),
    );
  return (
    <button type="button" class="button small copy" onClick={copy}>
      <span aria-live="polite">{state || "Copy"}</span>
      <span class="unseen"> {of}</span>
    </button>
  );
}
