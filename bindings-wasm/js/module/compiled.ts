import module from "#wasm";

/** The module as the platform compiled it: it refuses to compile bytes itself. */
export function load(): WebAssembly.Module {
  return module;
}
