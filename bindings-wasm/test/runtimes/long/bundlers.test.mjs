// Bundles, minified, that run in a browser under a strict policy, and on Node in a folder that has nothing else.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { launch, policy, printed, skip } from "../browser.mjs";
import { project, run, work } from "../support.mjs";

const require = createRequire(join(work, "long/package.json"));
const entry = join(project, "portable/main.mjs");
const output = (name) => join(work, "long/bundles", name);

const BUNDLERS = {
  esbuild: (outdir) => esbuild({ entryPoints: [entry], outfile: join(outdir, "main.mjs"), bundle: true, minify: true, format: "esm" }),
  async vite(outDir) {
    const { build } = await import(pathToFileURL(require.resolve("vite")));
    const names = { entryFileNames: "main.mjs", format: "es" };
    await build({
      configFile: false,
      root: project,
      logLevel: "error",
      build: { outDir, emptyOutDir: true, minify: true, rollupOptions: { input: entry, output: names } },
    });
  },
  webpack(path) {
    const output = { path, filename: "main.mjs", module: true };
    const config = { context: project, entry, mode: "production", target: "web", output, experiments: { outputModule: true } };
    return new Promise((resolve, reject) => {
      require("webpack")(config, (error, stats) =>
        error || stats.hasErrors() ? reject(error ?? new Error(stats.toString("errors-only"))) : resolve(),
      );
    });
  },
};

let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

for (const [name, build] of Object.entries(BUNDLERS)) {
  const outdir = output(name);
  const bundle = join(outdir, "main.mjs");

  test(`${name}: every vector and trap on Node`, async () => {
    await mkdir(outdir, { recursive: true });
    await build(outdir);
    assert.deepEqual(JSON.parse(await run(process.execPath, [bundle], { cwd: outdir })), []);
  });

  test(`${name}: every vector and trap in Chromium`, { skip }, async () => {
    assert.deepEqual(await printed(browser, bundle, policy(" 'wasm-unsafe-eval'")), []);
  });
}
