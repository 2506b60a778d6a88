import { hex } from "#wasm";

/** Compiles the module that is in this very file. */
export function load(): WebAssembly.Module {
  // A cold start is short where the host reads hexadecimal.
  if (globalThis.Buffer) return new WebAssembly.Module(Buffer.from(hex, "hex"));
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  }
  return new WebAssembly.Module(bytes);
}
