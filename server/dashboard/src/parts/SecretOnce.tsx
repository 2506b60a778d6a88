import type { ComponentChildren } from "preact";
import { Code } from "./Code";
import { Notice } from "./Notice";
import { ReceiverCode } from "./ReceiverCode";

interface Props {
  secret: string;
  warning: ComponentChildren;
  done: ComponentChildren;
}

/** A signing secret, once, with what to do with it. */
export function SecretOnce({ secret, warning, done }: Props) {
  return (
    <section class="card secret" aria-labelledby="secret-title">
      <h2 id="secret-title">Signing secret</h2>
      <Notice kind="warn" title="Copy it now: it is never shown again.">
        {warning}
      </Notice>
      <Code text={`ENCRATA_WEBHOOK_SECRET=${secret}`} of="the signing secret as an environment variable" wrap />
      <h3>Your receiver</h3>
      <p class="hint">
        It reads the secret from <code>ENCRATA_WEBHOOK_SECRET</code>, verifies the raw body, and answers within 5 seconds.
      </p>
      <ReceiverCode />
      <div class="actions">{done}</div>
    </section>
  );
}
