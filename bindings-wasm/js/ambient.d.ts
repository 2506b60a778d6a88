// What build.mjs puts in the place of these names, each the one of the main entry or of `diagnose`.

declare module "#wasm" {
  export const hex: string;
  const module: WebAssembly.Module;
  export default module;
}
