// The examples for Deno and Bun as a reader copies them, served by the runtimes themselves.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { bin, project } from "./support.mjs";

const { Webhook } = createRequire(join(project, "package.json"))("@encrata/webhooks");
const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"héllo"},"event":"test"}';
const headers = new Webhook(secret).sign(body, { id: "evt_1" });

const EXAMPLES = {
  "deno/main.js": { command: bin("deno"), args: ["run", "--quiet", "--cached-only", "--allow-net", "--allow-env=ENCRATA_WEBHOOK_SECRET"] },
  "bun/server.js": { command: bin("bun"), args: ["--no-install"] },
};

for (const [path, { command, args }] of Object.entries(EXAMPLES)) {
  test(`examples/${path}`, async () => {
    const script = join(project, path.replace("/", "-"));
    await copyFile(new URL(`../../../examples/${path}`, import.meta.url), script);
    const port = await freePort();
    const env = { ...process.env, ENCRATA_WEBHOOK_SECRET: secret, PORT: port, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    const server = spawn(command, [...args, script], { cwd: project, env, stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(server, "exit");
    try {
      const post = (given) => fetch(`http://127.0.0.1:${port}/webhooks/encrata`, { method: "POST", headers, body: given });
      assert.equal((await untilHeard(() => post(`${body} `), server)).status, 401);
      assert.equal((await post(body)).status, 204);
      for await (const line of createInterface(server.stdout)) if (line.startsWith("evt_1 test {")) return;
      assert.fail("the event was not printed");
    } finally {
      server.kill();
      await exited;
    }
  });
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return String(port);
}

/** Asks until somebody listens. */
async function untilHeard(ask, server) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error.cause?.code !== "ECONNREFUSED" || server.exitCode !== null) throw error;
      await setTimeout(20);
    }
  }
}
