import { type Body, raw } from "./body.js";
import { read } from "./envelope.js";
import { WebhookVerificationError } from "./error.js";
import type { WebhookEvent } from "./generated/events.js";
import { find, type Found, type HeadersLike } from "./headers.js";
import { PLAIN, Receiver, refusal } from "./receiver.js";

/** The signing secret, or several while one rotates. Those that are unset are skipped; one must remain. */
export type Secrets = string | null | undefined | readonly (string | null | undefined)[];

export interface WebhookOptions {
  /**
   * Refuse deliveries whose signed timestamp is further from now than this many seconds, in either direction. 300 is
   * a good choice. Without it, time is not looked at.
   */
  tolerance?: number | undefined;
}

export interface SignOptions {
  /** The event's id: visible ASCII characters without a dot. A fresh one by default. */
  id?: string | undefined;
  /** Unix seconds; now by default. */
  timestamp?: number | undefined;
}

/** The headers that a delivery is signed with. */
export interface SignedHeaders extends Record<string, string> {
  "x-encrata-signature": string;
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

export type VerifyResult = { ok: true; event: WebhookEvent } | { ok: false; error: WebhookVerificationError };

/** A receiver of one webhook: make it once, and verify every delivery with it. */
export class Webhook {
  readonly #receiver: Receiver;
  readonly #secrets: string[];
  /** One that looks at no time, for signing. */
  #signer: Receiver | undefined;

  /**
   * @throws {WebhookVerificationError} `invalid_secret`; `wasm_unavailable` where WebAssembly is refused.
   * @throws {RangeError} when the tolerance is not a number of seconds.
   */
  constructor(secrets: Secrets, options: WebhookOptions = {}) {
    const { tolerance } = options;
    if (
      typeof options !== "object" ||
      (tolerance !== undefined && !(typeof tolerance === "number" && tolerance >= 0))
    ) {
      throw new RangeError("the tolerance is not a number of seconds: expected `{ tolerance: 300 }`");
    }
    const list = Array.isArray(secrets) ? (secrets as readonly unknown[]) : [secrets];
    this.#secrets = list.map(textOf);
    this.#receiver = new Receiver(this.#secrets, tolerance);
  }

  /**
   * Verifies a delivery and reads its event.
   *
   * @param body The raw body, as text or bytes; a parsed one can't be verified.
   * @param headers All headers of the request, or the bare value of `x-encrata-signature`.
   * @throws {WebhookVerificationError} with its `code`.
   */
  verify(body: Body, headers: HeadersLike): WebhookEvent {
    const bytes = raw(body);
    if (bytes === undefined) throw new WebhookVerificationError("body_not_raw");
    const found = find(headers);
    const answer = this.#receiver.authenticate(bytes, found);
    if (answer < PLAIN) throw refusal(answer);
    const event = answer === PLAIN ? read(bytes, null, null) : read(bytes, idIn(found), answer);
    if (event === undefined) throw new WebhookVerificationError("invalid_payload");
    return event;
  }

  /** As `verify`, but it never throws. */
  safeVerify(body: Body, headers: HeadersLike): VerifyResult {
    try {
      return { ok: true, event: this.verify(body, headers) };
    } catch (error) {
      if (error instanceof WebhookVerificationError) return { ok: false, error };
      // Whatever was given throws when it is looked at, so no signature was found in it.
      return { ok: false, error: new WebhookVerificationError("missing_signature", { cause: error }) };
    }
  }

  /**
   * Signs a body as Encrata does, in both schemes: for tests.
   *
   * @throws {TypeError} when the body is not raw, or when id, timestamp or secret can't be signed with.
   */
  sign(body: Body, { id = freshId(), timestamp = Math.floor(Date.now() / 1000) }: SignOptions = {}): SignedHeaders {
    const bytes = raw(body);
    if (bytes === undefined) throw new TypeError("the body is not raw: expected text or bytes");
    const time = String(timestamp);
    const unsigned: Found = [1, String(id), 2, time, 3, `v1,${"A".repeat(43)}=`];
    const signer = (this.#signer ??= new Receiver(this.#secrets, undefined));
    const standard = signer.digests(bytes, unsigned).map((digest) => `v1,${btoa(String.fromCharCode(...digest))}`);
    const plain = signer.digests(bytes, [0, "0".repeat(64)]);
    const signature = standard.join(" ");
    // The core has the last word: what it would not take is not signed.
    const answer = signer.authenticate(bytes, [...unsigned.slice(0, 5), signature]);
    if (standard.length < plain.length || answer !== timestamp) throw new TypeError(UNSIGNED);
    return {
      "x-encrata-signature": Array.from(plain[0] as Uint8Array, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      "webhook-id": String(id),
      "webhook-timestamp": time,
      "webhook-signature": signature,
    };
  }
}

const UNSIGNED =
  "can't be signed: expected an id of visible ASCII characters without a dot, whole Unix seconds, and base64 " +
  "after `whsec_`";

/** An unset secret is an empty one to the core. */
function textOf(secret: unknown): string {
  if (secret === undefined || secret === null) return "";
  if (typeof secret === "string") return secret;
  throw new WebhookVerificationError("invalid_secret", { message: "a secret is not a text: expected `whsec_` and 64 hexadecimal digits" });
}

/** The one `webhook-id`, which was verified. */
function idIn(found: Found): string {
  return found[found.indexOf(1) + 1] as string;
}

function freshId(): string {
  return `evt_${crypto.randomUUID().replaceAll("-", "")}`;
}
