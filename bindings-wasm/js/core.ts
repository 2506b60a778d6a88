import { __wbg_set_wasm, __wbindgen_init_externref_table } from "#glue";
import { load } from "#module";
import type * as Exports from "#exports";
import { WebhookVerificationError } from "./error.js";

/** Up to so many units a loop is quicker than the encoder. */
const SHORT = 128;

const encoder = new TextEncoder();
let wasm: typeof Exports | undefined;
let scratch = new Uint8Array(0);

/** Instantiates the module at the first call, and returns its functions. */
export function core(): typeof Exports {
  if (wasm) return wasm;
  try {
    const { exports } = new WebAssembly.Instance(load(), {
      "./encrata_webhooks_wasm_bg.js": { __wbindgen_init_externref_table },
    });
    __wbg_set_wasm(exports);
    const started = exports as unknown as typeof Exports;
    started.__wbindgen_start();
    return (wasm = started);
  } catch (cause) {
    throw new WebhookVerificationError("wasm_unavailable", { cause });
  }
}

/** The buffer that the module reads; what was written before may be gone after a call. */
export function buffer(): Uint8Array {
  // A memory that grew has left its old buffer empty, and the first call may let it grow.
  if (scratch.length === 0) {
    const { memory, scratch: address, scratch_bytes } = core();
    const start = address();
    scratch = new Uint8Array(memory.buffer, start, scratch_bytes());
  }
  return scratch;
}

/** Writes a text, and returns where it ends, or -1 when there is no room. */
function put(text: string, start: number): number {
  const { length } = text;
  if (length > SHORT) return encode(text, start);
  if (start + length > scratch.length) return -1;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return encode(text, start);
    scratch[start + index] = unit;
  }
  return start + length;
}

function encode(text: string, start: number): number {
  const { read, written } = encoder.encodeInto(text, scratch.subarray(start));
  return read === text.length ? start + written : -1;
}

/** Writes a body, and returns where it ends, or -1 when there is no room. */
export function write(body: string | Uint8Array, start: number): number {
  if (typeof body === "string") return put(body, start);
  const end = start + body.length;
  if (end > scratch.length) return -1;
  scratch.set(body, start);
  return end;
}

/** Writes as much of a text as there is room for; returns how many of its units were read, and the bytes written. */
export function fill(text: string): { read: number; written: number } {
  return encoder.encodeInto(text, scratch);
}

/** Writes numbers as bytes, and texts after their length; returns where all ends, or -1 when there is no room. */
export function pack(items: (number | string)[]): number {
  let end = 0;
  for (const item of items) {
    if (typeof item === "number") {
      scratch[end++] = item;
      continue;
    }
    const start = end + 2;
    end = put(item, start);
    if (end < 0) return -1;
    scratch[start - 2] = end - start;
    scratch[start - 1] = (end - start) >> 8;
  }
  return end;
}
