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

test("fastify: no content type, and parsers of the application, do not matter; its other routes keep theirs", async () => {
  const prepare = (app) => {
    app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => done(null, text));
    app.post("/other", (request, reply) => reply.send(request.body));
  };
  const { at, send, close } = await mount(() => {}, { secret }, prepare);
  assert.equal((await send(delivery({ change: { "content-type": undefined } }))).status, 204);
  assert.equal((await send(delivery())).status, 204);
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
  for (const encoding of [false, "utf8"]) {
    const kept = await mount(() => {}, { secret }, (app) => app.register(rawBody, { global: true, encoding, runFirst: true }));
    assert.equal((await kept.send(delivery())).status, 204, String(encoding));
    await kept.close();
  }
});

test("fastify: a body that a hook fails to unpack is answered, whenever it fails, and ends nothing", async () => {
  for (const [pieces, status, code] of [[["{"], 400, "body_incomplete"], [["x".repeat(2_000_000)], 413, "body_too_large"]]) {
    const unpack = (app) => app.addHook("preParsing", async () => Readable.from((async function* () {
      yield* pieces;
      throw new Error("no gzip");
    })()));
    const { told, onError } = notes();
    const { send, close } = await mount(() => assert.fail("called"), { secret, onError }, unpack);
    const { text, ...answer } = await send(delivery());
    assert.deepEqual([answer.status, text, told[0][0]], [status, JSON.stringify({ error: code }), code]);
    // An error that nobody hears would end the process by now.
    await new Promise(setImmediate);
    await close();
  }
});
