// The examples as a reader copies them: each one started, and sent a delivery. Those of Deno, Bun and Workers are with
// the runtimes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { post } from "./server.mjs";
import { delivery, secret } from "./rows.mjs";

const at = (path) => new URL(`examples/${path}`, import.meta.url);
const url = "http://localhost/webhooks/encrata";
process.env.ENCRATA_WEBHOOK_SECRET = secret;

for (const name of ["express", "fastify", "hono", "node"]) {
  test(`examples/${name}`, async () => {
    const server = spawn(process.execPath, [at(`${name}/server.js`).pathname], { env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(server, "exit");
    try {
      const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
      const { value } = await lines.next();
      const port = /^listening on http:\/\/localhost:(\d+)\/webhooks\/encrata$/.exec(value)[1];
      const one = delivery();
      const ask = (given) => post({ host: "localhost", port, path: "/webhooks/encrata", method: "POST" }, given);
      assert.equal((await ask({ ...one, body: `${one.body} ` })).status, 401);
      assert.equal((await ask(one)).status, 204);
      assert.match((await lines.next()).value, /^evt_1 test \{ message: 'héllo' \}$/);
    } finally {
      server.kill();
      await exited;
    }
  });
}

/** Answers of a handler to a forged delivery and to a genuine one, and how often it printed. */
async function answers(context, handle) {
  const { mock } = context.mock.method(console, "log", () => {});
  const one = delivery();
  const forged = await handle({ ...one, body: `${one.body} ` });
  assert.equal(mock.callCount(), 0);
  return [forged, await handle(one), mock.callCount()];
}

const web = (handle, ...rest) => async (one) => (await handle(new Request(url, { method: "POST", ...one }), ...rest)).status;

test("examples/next", async (context) => {
  const { POST } = await import(at("next/app/webhooks/encrata/route.js"));
  assert.deepEqual(await answers(context, web(POST, { params: Promise.resolve({}) })), [401, 204, 1]);
});

test("examples/aws-lambda", async (context) => {
  const { handler } = await import(at("aws-lambda/index.mjs"));
  assert.deepEqual(await answers(context, async (one) => (await handler({ version: "2.0", ...one }, {})).statusCode), [401, 204, 1]);
});
