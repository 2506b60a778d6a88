import type { Found } from "./headers.js";
import { buffer, core, fill, pack, write } from "./core.js";
import { type Digest, type Host, host } from "./digest.js";
import { faulty, numbered, WebhookVerificationError } from "./error.js";

/** What a verification answers: a signed timestamp in Unix seconds, or less than 0. */
export type Answer = number;
/** Verified by `x-encrata-signature`, which covers no timestamp. */
export const PLAIN = -1;
/** What an error is below, counted from its number in the core's list. */
const FIRST_ERROR = -2;
/** The headers take more room than any of Encrata's. */
const OVERLONG = FIRST_ERROR - 6;
const DIGEST_BYTES = 32;
const NONE = -1;
const NOTHING = new Uint8Array(0);

const closing = globalThis.FinalizationRegistry && new FinalizationRegistry<number>((number) => core().close(number));

/** Secrets in the module, and the deliveries that are verified with them. */
export class Receiver {
  readonly #number: number;
  readonly #tolerance: number | undefined;
  /** The host's digests with our keys, in the plain and in the other scheme; made when they are first asked for. */
  readonly #digests: [Digest[]?, Digest[]?] = [];

  constructor(secrets: string[], tolerance: number | undefined) {
    const { open } = core();
    buffer();
    const length = pack(secrets);
    if (length < 0) throw new WebhookVerificationError("invalid_secret", { message: "the secrets are longer than 64 KiB" });
    this.#number = open(length, tolerance ?? NONE);
    if (this.#number < 0) throw faulty(-1 - this.#number);
    this.#tolerance = tolerance;
    closing?.register(this, this.#number);
  }

  /** Whether a delivery is ours: `body` is what is signed, `found` its headers. */
  authenticate(body: string | Uint8Array, found: Found): Answer {
    const { authenticate, begin } = core();
    buffer();
    const now = this.#tolerance === undefined ? 0 : Math.floor(Date.now() / 1000);
    const headers = pack(found);
    if (headers < 0) return OVERLONG;
    const hashing = host();
    if (hashing && body.length >= hashing.from) return this.#byHost(hashing, body, headers, now);
    const end = write(body, headers);
    if (end >= 0) return authenticate(this.#number, headers, end - headers, now);
    const error = begin(this.#number, headers);
    if (error > 0) return FIRST_ERROR + 1 - error;
    this.#update(body);
    return core().finish(this.#number, now);
  }

  #byHost(hashing: Host, body: string | Uint8Array, headers: number, now: number): Answer {
    const { host_begin, host_finish } = core();
    const begun = host_begin(this.#number, headers);
    if (begun < 0) return FIRST_ERROR + 1 + begun;
    const scheme = begun > 0 ? 1 : 0;
    const prefix = scheme ? buffer().slice(0, begun) : NOTHING;
    const digests = (this.#digests[scheme] ??= this.#keyed(hashing, scheme));
    const bytes = digests.map((digest) => digest(prefix, body)).join("");
    const scratch = buffer();
    for (let index = 0; index < bytes.length; index++) scratch[index] = bytes.charCodeAt(index);
    return host_finish(this.#number, bytes.length, now);
  }

  #keyed(hashing: Host, scheme: number): Digest[] {
    const digests: Digest[] = [];
    for (let index = 0, length; (length = core().host_key(this.#number, index, scheme)) >= 0; index++) {
      // A secret that is no base64 has no key in the other scheme.
      if (length === 0) continue;
      const block = buffer().subarray(0, length);
      digests.push(hashing.keyed(block));
      block.fill(0);
    }
    return digests;
  }

  #update(body: string | Uint8Array): void {
    const { update } = core();
    const scratch = buffer();
    for (let rest = body; rest.length > 0; ) {
      if (typeof rest === "string") {
        const { read, written } = fill(rest);
        update(this.#number, written);
        rest = rest.slice(read);
      } else {
        const piece = rest.subarray(0, scratch.length);
        scratch.set(piece);
        update(this.#number, piece.length);
        rest = rest.subarray(piece.length);
      }
    }
  }

  /** The digests that a delivery with these headers should have, one per secret with a key in their scheme. */
  digests(body: string | Uint8Array, found: Found): Uint8Array[] {
    const { begin, digests } = core();
    buffer();
    const headers = pack(found);
    if (headers < 0 || begin(this.#number, headers) > 0) return [];
    this.#update(body);
    const all = buffer().slice(0, digests(this.#number));
    return Array.from({ length: all.length / DIGEST_BYTES }, (_, index) => all.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES));
  }

  /** Forgets the keys. Nothing may be asked of it afterwards. */
  close(): void {
    core().close(this.#number);
  }
}

/** What an answer says that is below `PLAIN`. */
export function refusal(answer: Answer): WebhookVerificationError {
  return numbered(FIRST_ERROR - answer);
}
