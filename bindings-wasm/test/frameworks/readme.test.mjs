// Every block of the package's README as it stands there, run; names that it leaves to its reader are globals here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import { Webhook } from "@encrata/webhooks";
import { webhookHandler } from "@encrata/webhooks/web";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { body, delivery, other, secret } from "./rows.mjs";
import { listen } from "./server.mjs";

const readme = readFileSync(new URL("node_modules/@encrata/webhooks/README.md", import.meta.url), "utf8");
const blocks = readme.split(/^#+ (?=.*\n)/m).flatMap((section) => {
  const heading = section.slice(0, section.indexOf("\n"));
  return [...section.matchAll(/^```(js|ts)\n(.*?)^```/gms)].map(([, language, code]) => ({ heading, language, code }));
});
process.env.ENCRATA_WEBHOOK_SECRET = secret;

let count = 0;

/** Runs a block with these globals; `more` is written after it. Returns what it exports. */
async function run({ language, code }, globals = {}, more = "") {
  Object.assign(globalThis, globals);
  const path = new URL(`block-${++count}.mjs`, import.meta.url);
  writeFileSync(path, language === "ts" ? await compiled(code + more) : code + more);
  return import(path);
}

/** What strict TypeScript makes of a block. */
async function compiled(code) {
  writeFileSync(new URL("block.mts", import.meta.url), code);
  const flags = ["--ignoreConfig", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "block.mts"];
  await promisify(execFile)("../node_modules/typescript/bin/tsc", flags, { cwd: new URL(".", import.meta.url) });
  return readFileSync(new URL("block.mjs", import.meta.url), "utf8");
}

/** Statuses of a forged delivery and of a genuine one. */
async function statuses(send) {
  const one = delivery();
  return [(await send({ ...one, body: `${one.body} ` })).status, (await send(one)).status];
}
const web = (handle, ...rest) => (one) => handle(new Request("http://localhost/webhooks/encrata", { method: "POST", ...one }), ...rest);

/** The answers of what a block does with a server. */
async function served({ send, close }) {
  try {
    return await statuses(send);
  } finally {
    await close();
  }
}

/** The server on which a block calls `listen(3000)`, before it does. */
async function unheard(context, block, globals) {
  let server;
  const { mock } = context.mock.method(http.Server.prototype, "listen", function (port) {
    assert.equal(port, 3000);
    server = this;
  });
  await run(block, globals);
  mock.restore();
  return listen(undefined, server);
}

const ACCEPTS = [401, 204];
const BLOCKS = {
  Verify: [
    async (block) => {
      const { receive } = await run(block);
      assert.deepEqual(await statuses(async ({ body, headers }) => ({ status: receive(body, headers) })), ACCEPTS);
    },
    async (block, context) => assert.deepEqual(await served(await unheard(context, block)), ACCEPTS),
  ],
  Express: [async (block) => {
    const app = express();
    await run(block, { app, express });
    assert.deepEqual(await served(await listen(app)), ACCEPTS);
  }],
  Fastify: [async (block) => {
    const app = fastify();
    await run(block, { app });
    await app.listen({ port: 0, host: "127.0.0.1" });
    assert.deepEqual(await served(await listen(undefined, app.server)), ACCEPTS);
  }],
  Hono: [async (block) => {
    const app = new Hono();
    await run(block, { app });
    assert.deepEqual(await statuses(web(app.fetch)), ACCEPTS);
  }],
  "Next.js": [async (block) => assert.deepEqual(await statuses(web((await run(block)).POST)), ACCEPTS)],
  "Cloudflare Workers": [async (block) => {
    const [env, waiting] = [{ ENCRATA_WEBHOOK_SECRET: secret }, []];
    const { default: worker } = await run(block, { work: (event, given) => [event.id, given] });
    assert.deepEqual(await statuses(web(worker.fetch, env, { waitUntil: (what) => void waiting.push(what) })), ACCEPTS);
    assert.deepEqual(waiting, [["evt_1", env]]);
  }],
  "Deno and Bun": [async (block) => {
    let handler;
    await run(block, { Deno: { serve: (given) => (handler = given) } });
    assert.deepEqual(await statuses(web(handler)), ACCEPTS);
  }],
  "AWS Lambda": [async (block) => {
    const { handler } = await run(block);
    assert.deepEqual(await statuses(async (one) => ({ status: (await handler({ version: "2.0", ...one }, {})).statusCode })), ACCEPTS);
  }],
  "node:http, Cloud Functions, Firebase, NestJS": [async (block, context) => {
    let named;
    const globals = { createServer: http.createServer, functions: { http: (name, handler) => (named = [name, handler]) } };
    assert.deepEqual(await served(await unheard(context, block, globals)), ACCEPTS);
    assert.equal(named[0], "encrata");
    assert.deepEqual(await served(await listen(named[1])), ACCEPTS);
  }],
  Options: [async (block) => {
    const codes = [];
    const globals = {
      webhookHandler, handler() {}, secretOfTenant: async (headers) => headers.has("webhook-id") && secret, metrics: { count: (code) => codes.push(code) },
    };
    const { default: handle } = await run({ ...block, code: `export default ${block.code}` }, globals);
    assert.deepEqual(await statuses(web(handle)), ACCEPTS);
    assert.deepEqual(codes, ["signature_mismatch"]);
  }],
  "Typed events": [async (block, context) => {
    const { mock } = context.mock.method(console, "log", () => {});
    const { handle } = await run(block, {}, "export { handle };");
    const event = (name, data, known = true) => handle({ event: name, data, known });
    event("credits.low", { threshold: 1 });
    event("lookup.completed", { email: "a@b.c" });
    event("monitor.run.completed", { changes_detected: 2 });
    event("credits.low", {}, false);
    assert.deepEqual(mock.calls.flatMap((call) => call.arguments), [1, "a@b.c", 2]);
  }],
  Rotation: [async (block) => {
    process.env.ENCRATA_WEBHOOK_SECRET_OLD = other;
    const { default: webhook } = await run({ ...block, code: `export default ${block.code}` }, { Webhook });
    for (const one of [secret, other]) assert.equal(webhook.verify(body, new Webhook(one).sign(body)).event, "test");
  }],
  "Replace the snippet of the documentation": [async (block) => {
    const code = block.code.replace(/^(?=verifySignature)/m, "export default ");
    assert.equal((await run({ ...block, code }, { rawBody: body, request: delivery() })).default, true);
    assert.equal((await run({ ...block, code }, { rawBody: `${body} `, request: delivery() })).default, false);
  }],
  "In your tests": [async (block) => {
    const webhook = new Webhook(secret);
    const { headers } = await run(block, { webhook, body }, "export { headers };");
    assert.equal(webhook.verify(body, headers).event, "test");
  }],
  "When it does not verify": [async (block) => {
    const { cause, message, fix } = await run(block, { rawBody: `${body}\n`, request: delivery() }, "export { cause, message, fix };");
    assert.deepEqual([cause, typeof message, typeof fix], ["body_newline_added", "string", "string"]);
  }],
};

test("no block of the README is left out", () => {
  assert.deepEqual(blocks.map(({ heading }) => heading), Object.entries(BLOCKS).flatMap(([heading, steps]) => steps.map(() => heading)));
});

for (const [heading, steps] of Object.entries(BLOCKS)) {
  test(`README: ${heading}`, async (context) => {
    if (heading !== "Typed events") context.mock.method(console, "log", () => {});
    const found = blocks.filter((block) => block.heading === heading);
    for (const [index, step] of steps.entries()) await step(found[index], context);
  });
}
