// Where things are, and how they are run.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

export const work = process.env.ENCRATA_TEST_RUNTIMES;
if (!work) throw new Error("run this by bindings-wasm/test/runtimes/run.sh: it installs runtimes and package");

/** The project that has nothing but the package. */
export const project = join(work, "project");
export const require = createRequire(join(work, "package.json"));
export const bin = (name) => join(work, "node_modules/.bin", name);

/** Runs a program in the project; what it wrote to stdout. */
export async function run(command, args, options) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: project, maxBuffer: 2 ** 26, ...options });
  return stdout;
}

/** Bundles a file of the project as its runtime's tools do, with modules left beside the bundle. */
export async function bundle(entry, conditions, outfile) {
  await build({
    absWorkingDir: project,
    entryPoints: [entry],
    outfile: join(work, outfile),
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions,
    plugins: [{
      name: "beside",
      setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: path.replace("../", "./"), external: true })),
    }],
    logLevel: "warning",
  });
  return join(work, outfile);
}
