/**
 * Which digest, by size and runtime: all of that is decided here.
 *
 * The module keeps the state of a key and is the quickest for small bodies. Hosts have SHA instructions, which
 * WebAssembly has not, and are the quicker the larger a body is. Whoever computes it, the core compares.
 */

import { buffer, write } from "./core.js";

/** HMAC-SHA256 of a prefix and a body with one key, as a text of 32 units below 256. */
export type Digest = (prefix: Uint8Array, body: string | Uint8Array) => string;

export interface Host {
  /** For bodies of this many bytes and more. */
  from: number;
  /** Prepares a key that is padded to 64 bytes. */
  keyed(block: Uint8Array): Digest;
}

type Crypto = typeof import("node:crypto");

/** From so many bytes on the host beats the module. */
const FROM_BYTES = 384;
/** Calls of the host cost more there. */
const FROM_BYTES_DENO = 2560;

/** More than this is not copied to be hashed in one go. */
const COPIED_BYTES = 16 * 1024;

const BLOCK_BYTES = 64;

let found: Host | null | undefined;

/** The host's digest, if it has one that is synchronous. */
export function host(): Host | null {
  return (found ??= find());
}

function find(): Host | null {
  let crypto: Crypto | undefined;
  try {
    // Only by a name that no bundler follows: Node 20.16, Deno, Bun, Workers with Node's modules.
    crypto = globalThis.process.getBuiltinModule("node:crypto");
  } catch {
    // Elsewhere there is none to ask.
  }
  if (!crypto?.createSecretKey) return null;
  const isBun = "Bun" in globalThis;
  return {
    from: isBun ? 0 : "Deno" in globalThis ? FROM_BYTES_DENO : FROM_BYTES,
    keyed: (block) => (isBun || !crypto.hash ? hmac : oneShot)(crypto, block),
  };
}

/** The host's own HMAC: the quickest in Bun, and for what is large everywhere. */
function hmac(crypto: Crypto, block: Uint8Array): Digest {
  const key = crypto.createSecretKey(block);
  return (prefix, body) => {
    const hmac = crypto.createHmac("sha256", key);
    if (prefix.length > 0) hmac.update(prefix);
    return hmac.update(body).digest("binary");
  };
}

/** Two hashes in one go each: a body of a few kilobytes costs less to copy than an object to make. */
function oneShot(crypto: Crypto, block: Uint8Array): Digest {
  const large = hmac(crypto, block);
  // What goes before the inner and the outer message.
  const [inner, outer] = [0x36, 0x5c].map((pad) => block.map((byte) => byte ^ pad)) as [Uint8Array, Uint8Array];
  return (prefix, body) => {
    if (prefix.length + body.length > COPIED_BYTES) return large(prefix, body);
    const scratch = buffer();
    scratch.set(inner);
    scratch.set(prefix, BLOCK_BYTES);
    const end = write(body, BLOCK_BYTES + prefix.length);
    const hash = crypto.hash("sha256", scratch.subarray(0, end), "binary");
    scratch.set(outer);
    for (let index = 0; index < hash.length; index++) scratch[BLOCK_BYTES + index] = hash.charCodeAt(index);
    return crypto.hash("sha256", scratch.subarray(0, BLOCK_BYTES + hash.length), "binary");
  };
}
