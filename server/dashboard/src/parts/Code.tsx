import { Copy } from "./Copy";

/** A text of machines, to read and to copy. */
export function Code({ text, of, wrap = false }: { text: string; of: string; wrap?: boolean }) {
  return (
    <div class="code">
      <pre class={wrap ? "wrap" : undefined} tabIndex={0} role="region" aria-label={of}>
        <code>{text}</code>
      </pre>
      {text && <Copy text={text} of={of} />}
    </div>
  );
}
