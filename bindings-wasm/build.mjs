// Builds the package: Rust to WebAssembly, glue, TypeScript to dist/, and the tarball.
//
// A subpath is a line in ENTRIES and in the `exports` of package.json. What is not the main entry imports it under the
// package's own name, so that it is the same code in every runtime.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const out = join(here, "build/out");
const dist = join(here, "dist");

/** Entry points; `crate` is the WebAssembly module that one holds. */
const ENTRIES = [
  { name: "index", crate: "encrata-webhooks-wasm" },
  { name: "diagnose", crate: "encrata-webhooks-wasm-diagnose" },
];

/** Entry points without a module of their own: what they need of the main entry they get from it. */
const ADAPTERS = ["express", "fastify", "hono", "web", "node", "aws-lambda"];

const MODULES = {
  esm: { format: "esm" },
  cjs: { format: "cjs" },
  workerd: { format: "esm", suffix: "" },
  "edge-light": { format: "esm", suffix: "?module" },
};

const run = (command, args, options) => execFileSync(command, args, { cwd: here, stdio: "inherit", ...options });
const bin = (name) => join(here, "node_modules/.bin", name);

/** Compiles a crate and makes `<crate>_bg.wasm`, `<crate>_bg.js` and their types in build/out. */
function compile(crate) {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  // The places of panics are all in the module that would tell of the machine.
  const places = readdirSync(sources).map((folder) => `--remap-path-prefix=${join(sources, folder)}/=`);
  const flags = ["-Ctarget-feature=+simd128", ...places, `--remap-path-prefix=${root}=`];
  const triple = "wasm32-unknown-unknown";
  run("cargo", ["build", "--quiet", "--locked", "--profile", "wasm", "--target", triple, "-p", crate], {
    env: { ...process.env, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags.join(" ") },
  });
  const name = crate.replaceAll("-", "_");
  const glue = ["run", "--quiet", "--locked", "-p", "encrata-webhooks-wasm-build", "--", "glue"];
  run("cargo", [...glue, join(target, triple, "wasm", `${name}.wasm`), out]);
  const wasm = join(out, `${name}_bg.wasm`);
  const types =
    "export function __wbg_set_wasm(exports: WebAssembly.Exports): void;\n" +
    "export function __wbindgen_init_externref_table(): void;\n";
  writeFileSync(join(out, `${name}_bg.d.ts`), `export * from "./${name}.js";\n${types}`);
  run(process.execPath, [bin("wasm-opt"), "-O3", "--converge", "--strip-debug", "--strip-producers", "--strip-target-features", ...FEATURES, wasm, "-o", wasm]);
  return join(out, name);
}

/** What rustc's target has, and SIMD. */
const FEATURES = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext", "simd"]
  .map((feature) => `--enable-${feature}`);

/** Puts the module and its glue in the place of their names. */
function resolve(files, { suffix }, name) {
  const inline = suffix === undefined;
  return {
    name: "module",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^#module$/ }, () => ({ path: join(here, "js/module", inline ? "inline.ts" : "compiled.ts") }));
      onResolve({ filter: /^#glue/ }, () => ({ path: `${files}_bg.js` }));
      onResolve({ filter: /^#wasm$/ }, () =>
        inline ? { path: `${files}_bg.wasm`, namespace: "hex" } : { path: `../${name}.wasm${suffix}`, external: true });
      onLoad({ filter: /./, namespace: "hex" }, ({ path }) => ({
        contents: `export const hex = "${readFileSync(path, "hex")}";`,
      }));
    },
  };
}

const COMMON = {
  absWorkingDir: here,
  bundle: true,
  external: ["@encrata/webhooks"],
  platform: "neutral",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
};

async function adapters(format) {
  const entryPoints = ADAPTERS.map((name) => `js/adapters/${name}.ts`);
  await build({ ...COMMON, format, entryPoints, outdir: join(dist, format, "adapters") });
}

async function bundle({ name, crate }) {
  const files = compile(crate);
  copyFileSync(`${files}_bg.wasm`, join(dist, `${name}.wasm`));
  for (const [folder, options] of Object.entries(MODULES)) {
    await build({
      ...COMMON,
      format: options.format,
      entryPoints: [`js/${name}.ts`],
      outdir: join(dist, folder),
      plugins: [resolve(files, options, name)],
    });
  }
}

rmSync(dist, { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
for (const folder of [dist, out]) mkdirSync(folder, { recursive: true });
for (const entry of ENTRIES) await bundle(entry);
for (const format of ["esm", "cjs"]) await adapters(format);
run(bin("tsc"), ["-p", here]);
rmSync(join(dist, "esm/module"), { recursive: true, force: true });
// A declaration is of the module system of the package.json beside it.
cpSync(join(dist, "esm"), join(dist, "cjs"), { recursive: true, filter: (path) => !path.endsWith(".js") });
writeFileSync(join(dist, "cjs/package.json"), '{"type":"commonjs"}\n');
for (const licence of ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(join(root, licence), join(here, licence));
mkdirSync(join(target, "dist"), { recursive: true });
run("npm", ["pack", "--silent", "--pack-destination", join(target, "dist")]);
