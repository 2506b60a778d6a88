// The examples for Deno and Bun as a reader copies them, served by the runtimes themselves.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { bin, posted, project, secret } from "./support.mjs";

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
      const url = `http://127.0.0.1:${port}/webhooks/encrata`;
      assert.equal(await untilHeard(() => posted(url, " "), server), 401);
      assert.equal(await posted(url), 204);
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
