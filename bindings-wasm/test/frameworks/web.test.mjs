import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/web";
import next from "next/server.js";
import { delivery, notes, other, rows, secret } from "./rows.mjs";
import { limits } from "./web.mjs";

const { NextRequest, NextResponse } = next;
const url = "http://localhost/webhooks/encrata";
const ask = async (handle, RequestClass, { headers, body }, ...rest) => {
  const response = await handle(new RequestClass(url, { method: "POST", headers, body }), ...rest);
  return { status: response.status, text: await response.text() };
};

rows("web", async (handler, options) => {
  const handle = webhookHandler(handler, options);
  return { send: (one) => ask(handle, Request, one) };
}, { own: () => Response.json({ mine: true }, { status: 202 }) });
rows("next", async (handler, options) => {
  const POST = webhookHandler(handler, options);
  return { send: (one) => ask(POST, NextRequest, one, { params: Promise.resolve({}) }) };
}, { own: () => NextResponse.json({ mine: true }, { status: 202 }) });
limits("web", webhookHandler);

test("web: a Worker's env and ctx go to the secret and to the handler", async () => {
  const waiting = [];
  const ctx = { waitUntil: (promise) => void waiting.push(promise) };
  const fetch = webhookHandler((event, _request, _env, context) => context.waitUntil(event.id), { secret: (_request, env) => env.SECRET });
  assert.equal((await ask(fetch, Request, delivery(), { SECRET: secret }, ctx)).status, 204);
  assert.deepEqual(waiting, ["evt_1"]);
});

test("web: what was read or locked is answered with 500, and the fix is told", async () => {
  const begin = async (request) => {
    const reader = request.body.getReader();
    await reader.read();
    reader.releaseLock();
  };
  for (const spoil of [(request) => request.json(), (request) => request.body.getReader(), begin]) {
    const { told, onError } = notes();
    const request = new Request(url, { method: "POST", ...delivery() });
    await spoil(request);
    const response = await webhookHandler(() => assert.fail("called"), { secret, onError })(request);
    assert.deepEqual([response.status, await response.json()], [500, { error: "body_not_raw" }]);
    assert.match(told[0][2].message, /clone\(\)/);
  }
});

test("web: a request without a body is refused like any other, in JSON", async () => {
  const request = new Request(url, { method: "POST", headers: delivery().headers });
  const response = await webhookHandler(() => assert.fail("called"), { secret })(request);
  assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/json"]);
});

test("web: what is no response is no answer", async () => {
  for (const own of [null, 7, "mine", { status: 500 }, { headers: {} }]) {
    assert.equal((await ask(webhookHandler(() => own, { secret }), Request, delivery())).status, 204);
  }
});

test("web: the latest 64 sets of secrets are kept ready", async () => {
  let made = 0;
  class Secrets extends Array {
    map(...given) {
      made++;
      return super.map(...given);
    }
  }
  const handle = webhookHandler(() => {}, { secret: (request) => Secrets.of(`tenant-${request.headers.get("x-tenant")}`, secret) });
  const from = async (tenant) => {
    const before = made;
    assert.equal((await ask(handle, Request, delivery({ change: { "x-tenant": String(tenant) } }))).status, 204);
    return made > before;
  };
  for (let tenant = 0; tenant < 64; tenant++) assert.equal(await from(tenant), true);
  for (let tenant = 0; tenant < 64; tenant++) assert.equal(await from(tenant), false);
  assert.equal(await from(64), true);
  // The oldest had to go, and no other.
  assert.deepEqual([await from(64), await from(1), await from(0)], [false, false, true]);
});

test("web: many secrets by turns, more than are kept", async () => {
  const handle = webhookHandler(() => {}, { secret: (request) => [`tenant-${request.headers.get("x-tenant")}`, secret] });
  for (let turn = 0; turn < 200; turn++) {
    assert.equal((await ask(handle, Request, delivery({ change: { "x-tenant": String(turn % 100) } }))).status, 204);
  }
  const own = webhookHandler(() => {}, { secret: (request) => (request.headers.get("x-tenant") === "one" ? secret : other) });
  for (const [tenant, status] of [["one", 204], ["two", 401], ["one", 204]]) {
    assert.equal((await ask(own, Request, delivery({ change: { "x-tenant": tenant } }))).status, status);
  }
});

test("every adapter can be required", () => {
  const require = createRequire(import.meta.url);
  for (const name of ["express", "fastify", "hono", "web", "node", "aws-lambda"]) {
    assert.equal(typeof require(`@encrata/webhooks/${name}`).webhookHandler, "function");
  }
});
