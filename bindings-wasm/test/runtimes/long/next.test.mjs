// A server of Next.js, with a route on Node and one on its edge runtime, by each of its bundlers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { posted, project, run, secret, work } from "../support.mjs";

const app = join(work, "long/next");
const next = join(work, "long/node_modules/next/dist/bin/next");
const options = { cwd: app, env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" } };

before(async () => {
  await rm(app, { recursive: true, force: true });
  await cp(fileURLToPath(new URL("next", import.meta.url)), app, { recursive: true });
  await cp(fileURLToPath(new URL("../../../../examples/next/app", import.meta.url)), join(app, "app"), { recursive: true });
  await cp(join(project, "portable"), join(app, "portable"), { recursive: true });
  await cp(join(project, "node_modules/@encrata"), join(app, "node_modules/@encrata"), { recursive: true });
});

/** With webpack Next.js 16 can't build any route for the edge. */
const ROUTES = { "--turbopack": ["node", "edge"], "--webpack": ["node"] };

for (const [bundler, routes] of Object.entries(ROUTES)) {
  test(`next build ${bundler}: every vector and trap on ${routes.join(" and ")}, and the example`, async () => {
    if (!routes.includes("edge")) await rm(join(app, "app/edge"), { recursive: true });
    await run(process.execPath, [next, "build", bundler], options);
    if (routes.includes("edge")) await compilesNothing();
    // It was built without the secret.
    const server = spawn(process.execPath, [next, "start", "--hostname", "127.0.0.1", "--port", "0"], {
      ...options,
      env: { ...options.env, ENCRATA_WEBHOOK_SECRET: secret },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const url = await address(server);
      const hook = `${url}/webhooks/encrata`;
      assert.deepEqual([await posted(hook, " "), await posted(hook)], [401, 204]);
      for (const route of routes) assert.deepEqual(await (await fetch(`${url}/${route}`)).json(), [], route);
    } finally {
      server.kill();
      await once(server, "exit");
    }
  });
}

/** The server for tests allows an edge route to compile bytes, which production refuses: so what was built is looked at. */
async function compilesNothing() {
  const manifest = JSON.parse(await readFile(join(app, ".next/server/middleware-manifest.json")));
  const { files, wasm } = manifest.functions["/edge/route"];
  assert.equal(wasm.length, 2, "index and diagnose are files of their own");
  for (const file of files) {
    assert.doesNotMatch(await readFile(join(app, ".next", file), "utf8"), /0061736d01000000/i, file);
  }
}

async function address(server) {
  for await (const line of createInterface(server.stdout)) {
    const url = line.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    if (url) return url;
  }
  throw new Error("next start ended before it listened");
}
