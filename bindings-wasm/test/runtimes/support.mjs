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

const { Webhook } = createRequire(join(project, "package.json"))("@encrata/webhooks");
export const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"héllo"},"event":"test"}';

/** The status of a genuine delivery, or with its body altered. */
export async function posted(url, more = "") {
  const headers = new Webhook(secret).sign(body, { id: "evt_1" });
  return (await fetch(url, { method: "POST", headers, body: body + more })).status;
}

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
