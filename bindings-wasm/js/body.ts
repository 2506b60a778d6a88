/** A raw body: bytes as they came, or their text. */
export type Body = string | ArrayBufferView | ArrayBufferLike;

/**
 * The body as text or bytes, without a copy; `undefined` when it is neither, as a parsed one.
 *
 * Nothing is asked with `instanceof`: a value may come from another realm.
 */
export function raw(body: unknown): string | Uint8Array | undefined {
  if (typeof body === "string") return body;
  if (ArrayBuffer.isView(body)) {
    // A Buffer is as good as it is; another view is looked at from its offset.
    return isBytes(body) ? body : new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  const tag = Object.prototype.toString.call(body);
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return new Uint8Array(body as ArrayBuffer);
  }
  return undefined;
}

function isBytes(view: ArrayBufferView): view is Uint8Array {
  return (view as Uint8Array).BYTES_PER_ELEMENT === 1 && Object.prototype.toString.call(view) === "[object Uint8Array]";
}
