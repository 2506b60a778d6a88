import { WebhookVerificationError } from "@encrata/webhooks";

/** A body as it comes in, up to a limit. */
export class Pieces {
  readonly #pieces: Uint8Array[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  /** @throws {WebhookVerificationError} `body_too_large` when `announced`, the `content-length`, is over the limit. */
  constructor(maxBytes: number, announced: unknown) {
    this.#maxBytes = maxBytes;
    this.#allow(Number(announced ?? 0));
  }

  /** @throws {WebhookVerificationError} `body_too_large`: read no further. */
  add(piece: Uint8Array | string): void {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    this.#bytes += bytes.length;
    this.#allow(this.#bytes);
    this.#pieces.push(bytes);
  }

  whole(): Uint8Array {
    const [first, second] = this.#pieces;
    if (first !== undefined && second === undefined) return first;
    const whole = new Uint8Array(this.#bytes);
    let end = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    return whole;
  }

  #allow(bytes: number): void {
    if (bytes > this.#maxBytes) throw new WebhookVerificationError("body_too_large");
  }
}
