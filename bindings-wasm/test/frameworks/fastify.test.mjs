import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/fastify";
import fastify from "fastify";
import rawBody from "fastify-raw-body";
import { delivery, notes, rows, secret } from "./rows.mjs";
import { listen, multiplexed, post, streaming } from "./server.mjs";

const mount = async (handler, options, prepare = () => {}) => {
  const app = fastify();
  await prepare(app);
  app.register(webhookHandler(handler, options), { prefix: "/webhooks/encrata" });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return listen(undefined, app.server);
};

rows("fastify", mount, { own: (_event, _request, reply) => reply.code(202).send({ mine: true }) });
streaming("fastify", mount);
multiplexed("fastify", async (handler, options) => {
  const app = fastify({ http2: true });
  app.register(webhookHandler(handler, options), { prefix: "/webhooks/encrata" });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
});

test("fastify: what a handler returns is the answer", async () => {
  const { send, close } = await mount((event) => ({ got: event.event }), { secret });
  assert.equal((await send(delivery())).text, '{"got":"test"}');
  await close();
});

test("fastify: what was answered is not answered again", async () => {
  for (const handler of [(_event, _request, reply) => void reply.code(202).send(), (_event, _request, reply) => { reply.send("mine"); throw new Error("later"); }]) {
    const lines = [];
    const app = fastify({ logger: { level: "warn", stream: { write: (line) => void lines.push(line) } } });
    app.register(webhookHandler(handler, { secret, onError() {} }), { prefix: "/webhooks/encrata" });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { send, close } = await listen(undefined, app.server);
    assert.ok((await send(delivery())).status < 300);
    await close();
    assert.deepEqual(lines, []);
  }
});

test("fastify: no content type, and parsers of the application, do not matter; its other routes keep theirs", async () => {
  const prepare = (app) => {
    app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => done(null, text));
    app.post("/other", (request, reply) => reply.send(request.body));
  };
  const { at, send, close } = await mount(() => {}, { secret }, prepare);
  assert.equal((await send(delivery({ change: { "content-type": undefined } }))).status, 204);
  assert.equal((await send(delivery())).status, 204);
  // Fastify asks no parser then.
  assert.equal((await send(delivery({ sent: "", change: { "content-type": undefined } }))).text, '{"error":"invalid_payload"}');
  assert.deepEqual(JSON.parse((await post({ ...at, path: "/other" }, delivery())).text).event, "test");
  await close();
});

test("fastify: a body that a hook consumed is answered with 500, unless its bytes were kept", async () => {
  const { told, onError } = notes();
  const consume = (app) => app.addHook("preParsing", async (_request, _reply, payload) => {
    for await (const _ of payload);
    return payload;
  });
  const consumed = await mount(() => assert.fail("called"), { secret, onError }, consume);
  const { status, text } = await consumed.send(delivery());
  assert.deepEqual([status, text], [500, '{"error":"body_not_raw"}']);
  assert.match(told[0][2].message, /preParsing/);
  await consumed.close();
  const keep = (form) => (app) => app.addHook("preParsing", async (request, _reply, payload) => {
    request.rawBody = form(Buffer.concat(await payload.toArray()));
    return payload;
  });
  for (const prepare of [keep((bytes) => bytes), keep(String), (app) => app.register(rawBody, { global: true })]) {
    const kept = await mount(() => {}, { secret }, prepare);
    assert.equal((await kept.send(delivery())).status, 204);
    await kept.close();
  }
});

test("fastify: a body that a hook fails to unpack is answered, whenever it fails, and ends nothing", async () => {
  const failing = (piece) => Readable.from((async function* () {
    yield piece;
    throw new Error("no gzip");
  })());
  for (const [unpacked, status, code] of [
    [() => failing("{"), 400, "body_incomplete"],
    [() => failing("x".repeat(2_000_000)), 413, "body_too_large"],
    [() => new Readable({ read() { this.destroy(); } }), 400, "body_incomplete"],
  ]) {
    const unpack = (app) => app.addHook("preParsing", async () => unpacked());
    const { told, onError } = notes();
    const { send, close } = await mount(() => assert.fail("called"), { secret, onError }, unpack);
    const { text, ...answer } = await send(delivery());
    assert.deepEqual([answer.status, text, told[0][0]], [status, JSON.stringify({ error: code }), code]);
    // An error that nobody hears would end the process by now.
    await new Promise(setImmediate);
    await close();
  }
});
