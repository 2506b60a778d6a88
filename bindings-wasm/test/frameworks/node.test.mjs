import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:http2";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/node";
import { delivery, notes, rows, secret } from "./rows.mjs";
import { listen, multiplexed, streaming } from "./server.mjs";

const mount = async (handler, options) => listen(webhookHandler(handler, options));

rows("node", mount, {
  own: (_event, _request, response) => response.writeHead(202).end('{"mine":true}'),
});
streaming("node", mount);
multiplexed("node", async (handler, options) => {
  const server = createServer(webhookHandler(handler, options)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
});

/** As Cloud Functions, Firebase and NestJS do: the body is parsed, and its bytes are kept, or not. */
const parsed = (keep, handler, options) => {
  const listener = webhookHandler(handler, options);
  return listen(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    keep(request, Buffer.concat(pieces));
    listener(request, response);
  });
};

test("node: whatever leaves the bytes in rawBody, or in body, is served", async () => {
  for (const keep of [
    (request, bytes) => Object.assign(request, { rawBody: bytes, body: JSON.parse(bytes) }),
    (request, bytes) => Object.assign(request, { rawBody: bytes.toString() }),
    (request, bytes) => Object.assign(request, { body: bytes }),
  ]) {
    const { send, close } = await parsed(keep, () => {}, { secret });
    assert.equal((await send(delivery())).status, 204);
    await close();
  }
});

test("node: a body that was parsed is answered with 500, and the fix is told to onError alone", async () => {
  for (const keep of [(request) => Object.assign(request, { body: { is: "parsed" } }), () => {}]) {
    const { told, onError } = notes();
    const { send, close } = await parsed(keep, () => assert.fail("called"), { secret, onError });
    const { status, text } = await send(delivery());
    assert.deepEqual([status, text], [500, '{"error":"body_not_raw"}']);
    assert.match(told[0][2].message, /rawBody: true/);
    // Of an empty one nothing was read, and its end will not come again.
    assert.equal((await send(delivery({ sent: "" }))).status, 500);
    await close();
  }
});

// One that decodes before anybody reads.
streaming("node, as text", async (handler, options) => {
  const listener = webhookHandler(handler, options);
  return listen((request, response) => listener(request.setEncoding("utf8"), response));
});

test("node: of what was begun to be read nothing is left to verify", async () => {
  const listener = webhookHandler(() => assert.fail("called"), { secret, onError() {} });
  const { close, send } = await listen((request, response) => request.once("data", () => listener(request.pause(), response)));
  const { status, text } = await send(delivery({ sent: "x".repeat(500_000) }));
  assert.deepEqual([status, text], [500, '{"error":"body_not_raw"}']);
  await close();
});

test("node: a sender that went away before the body was asked for is told of", async () => {
  let tell;
  const gone = new Promise((resolve) => (tell = resolve));
  const listener = webhookHandler(() => assert.fail("called"), { secret, onError: tell });
  const { at, close } = await listen((request, response) => request.once("close", () => setImmediate(listener, request, response)).once("error", () => {}));
  const outgoing = request({ ...at, agent: false, headers: { ...delivery().headers, "content-length": 1000 } });
  outgoing.on("error", () => {}).write("{", () => outgoing.destroy());
  assert.equal(await gone, "body_incomplete");
  await close();
});

test("node: a handler may answer after it returned, if it began before", async () => {
  const { send, close } = await mount((_event, _request, response) => {
    response.writeHead(200).write("begun");
    setTimeout(() => response.end(", done"), 20);
  }, { secret });
  assert.equal((await send(delivery())).text, "begun, done");
  await close();
});

test("node: a handler that fails after it answered takes nothing back, and half an answer is cut", async () => {
  const { onError } = notes();
  const done = "done".repeat(4_000_000);
  const answered = await mount((_event, _request, response) => { response.writeHead(200).end(done); throw new Error("later"); }, { secret, onError });
  assert.equal((await answered.send(delivery())).text.length, done.length);
  await answered.close();
  const half = await mount((_event, _request, response) => { response.writeHead(200).write("ha"); throw new Error("half"); }, { secret, onError });
  await assert.rejects(half.send(delivery()), { code: "ECONNRESET" });
  await half.close();
});
