import { type Body, raw } from "./body.js";
import { WebhookVerificationError } from "./error.js";
import { PLAIN, Receiver } from "./receiver.js";

/** So many secrets are kept ready. */
const KEPT = 16;

const receivers = new Map<string, Receiver>();

/**
 * The drop-in: whether `signature`, the value of the one `x-encrata-signature` header, is that of the raw body.
 *
 * It answers `false` to input of any kind that is not a genuine signature. It knows neither timestamps nor ids, so a
 * delivery can be replayed against it; `Webhook` knows more.
 *
 * @throws {WebhookVerificationError} `wasm_unavailable`, whatever the input, where the runtime refuses WebAssembly.
 */
export function verifySignature(
  payload: Body,
  secret: string | null | undefined,
  signature: string | readonly string[] | null | undefined,
): boolean {
  if (typeof secret !== "string" || typeof signature !== "string") return false;
  try {
    const body = raw(payload);
    return body !== undefined && receiver(secret).authenticate(body, [0, signature]) === PLAIN;
  } catch (error) {
    if (error instanceof WebhookVerificationError && error.code === "wasm_unavailable") throw error;
    return false;
  }
}

function receiver(secret: string): Receiver {
  let kept = receivers.get(secret);
  if (kept === undefined) {
    kept = new Receiver([secret], undefined);
    receivers.set(secret, kept);
    if (receivers.size > KEPT) {
      const [oldest, its] = receivers.entries().next().value as [string, Receiver];
      receivers.delete(oldest);
      its.close();
    }
  }
  return kept;
}
