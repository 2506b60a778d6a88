/** A raw body: bytes as they came, or their text. */
export type Body = string | ArrayBufferView | ArrayBufferLike;

/** The body as text or bytes, without a copy; `undefined` when it is neither, as a parsed one. */
export function raw(body: unknown): string | Uint8Array | undefined {
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  // The rest without `instanceof`: what comes from another realm is none of ours.
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  const tag = Object.prototype.toString.call(body);
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return new Uint8Array(body as ArrayBuffer);
  }
  return undefined;
}
