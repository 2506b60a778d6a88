import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/hono";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { delivery, notes, rows, secret } from "./rows.mjs";
import { listen } from "./server.mjs";
import { limits } from "./web.mjs";

const app = (handler, options, before = []) => {
  const hono = new Hono();
  for (const one of before) hono.use(one);
  return hono.post("/webhooks/encrata", webhookHandler(handler, options));
};
const own = (_event, c) => c.json({ mine: true }, 202);
const url = "http://localhost/webhooks/encrata";
const ask = async (hono, { headers, body }, env) => {
  const response = await hono.request(url, { method: "POST", headers, body }, env);
  return { status: response.status, text: await response.text() };
};

rows("hono", async (handler, options) => {
  const hono = app(handler, options);
  return { send: (one) => ask(hono, one) };
}, { own });
rows("hono on node", async (handler, options) => listen(undefined, createAdaptorServer(app(handler, options))), { own });
limits("hono", (handler, options) => {
  const hono = app(handler, options);
  return (request) => hono.fetch(new Request(url, request));
});

test("hono: a Worker's env is looked at before the environment", async () => {
  assert.equal((await ask(app(() => {}, {}), delivery(), { ENCRATA_WEBHOOK_SECRET: secret })).status, 204);
  const bound = { secret: (c) => c.env.MINE };
  assert.equal((await ask(app(() => {}, bound), delivery(), { MINE: secret })).status, 204);
});

test("hono: what a middleware read is taken from what Hono keeps", async () => {
  for (const read of ["json", "text", "arrayBuffer"]) {
    const before = async (c, next) => { await c.req[read](); await next(); };
    assert.equal((await ask(app(() => {}, { secret }, [before]), delivery())).status, 204, read);
  }
});

test("hono: what was read past it is answered with 500, and the fix is told", async () => {
  const { told, onError } = notes();
  const before = async (c, next) => { await c.req.raw.json(); await next(); };
  const { status, text } = await ask(app(() => assert.fail("called"), { secret, onError }, [before]), delivery());
  assert.deepEqual([status, text], [500, '{"error":"body_not_raw"}']);
  assert.match(told[0][2].message, /c\.req\.arrayBuffer\(\)/);
});
