// What is tested over a real connection: sending, streaming a body without an end, going away in the middle.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { connect } from "node:http2";
import { test } from "node:test";
import { delivery, secret } from "./rows.mjs";

const PATH = "/webhooks/encrata";

/** Serves a listener on a free port. */
export async function listen(listener, server = createServer(listener)) {
  const sockets = [];
  server.on("connection", (socket) => sockets.push(socket));
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const at = { host: "127.0.0.1", port: server.address().port, path: PATH, method: "POST" };
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    return { read: sockets.map(({ bytesRead }) => bytesRead) };
  };
  return { at, close, send: (one) => post(at, one) };
}

/** Posts with a content-length, as Encrata does. */
export async function post(at, { headers, body }) {
  const content = Buffer.from(body);
  const outgoing = request({ ...at, agent: false, headers: { ...headers, "content-length": content.length } });
  outgoing.end(content);
  return answered(outgoing);
}

async function answered(outgoing) {
  const [incoming] = await once(outgoing, "response");
  let text = "";
  for await (const piece of incoming.setEncoding("utf8")) text += piece;
  return { status: incoming.statusCode, text, headers: incoming.headers };
}

const LARGE = 64 * 1024 * 1024;

/** What only shows where bytes come one after the other. */
export function streaming(name, mount) {
  test(`${name}: a body over the limit is refused before it is read whole`, async () => {
    for (const framing of [{ "transfer-encoding": "chunked" }, { "content-length": LARGE }]) {
      const told = [];
      // Meanwhile much could come.
      const onError = (code) => new Promise((done) => setTimeout(done, 200, told.push(code)));
      const { at, close } = await mount(() => assert.fail("the handler was called"), { secret, onError });
      // One that would use the connection again.
      const agent = new Agent({ keepAlive: true });
      const outgoing = request({ ...at, agent, headers: { ...delivery().headers, ...framing } });
      // The server closes while more is on its way.
      outgoing.on("error", () => {});
      const piece = Buffer.alloc(64 * 1024);
      let sent = 0;
      let isAnswered = false;
      const more = () => {
        while (!isAnswered && sent < LARGE && !outgoing.destroyed) {
          sent += piece.length;
          if (!outgoing.write(piece)) return void outgoing.once("drain", more);
        }
      };
      more();
      const [incoming] = await once(outgoing, "response");
      isAnswered = true;
      assert.deepEqual([incoming.statusCode, incoming.headers.connection], [413, "close"]);
      outgoing.destroy();
      const { read } = await close();
      assert.ok(read[0] < 8 * 1024 * 1024, `${read[0]} bytes were read`);
      assert.deepEqual(told, ["body_too_large"]);
    }
  });

  test(`${name}: what is announced over the limit is refused before any of it comes`, async () => {
    const { at, close } = await mount(() => assert.fail("the handler was called"), { secret, onError() {} });
    const outgoing = request({ ...at, agent: false, headers: { ...delivery().headers, "content-length": LARGE } });
    outgoing.on("error", () => {}).flushHeaders();
    const [incoming] = await once(outgoing, "response");
    assert.equal(incoming.statusCode, 413);
    outgoing.destroy();
    await close();
  });

  test(`${name}: any other refusal is one of a type, and leaves the connection open`, async () => {
    const { at, close } = await mount(() => assert.fail("the handler was called"), { secret });
    const agent = new Agent({ keepAlive: true });
    for (const _ of [1, 2]) {
      const outgoing = request({ ...at, agent, headers: delivery().headers });
      outgoing.end("forged");
      const { status, headers } = await answered(outgoing);
      assert.deepEqual([status, headers["content-type"].split(";")[0]], [401, "application/json"]);
    }
    agent.destroy();
    assert.equal((await close()).read.length, 1, "one connection");
  });

  test(`${name}: a sender that goes away in the middle is told of, and ends nothing`, async () => {
    let tell;
    const gone = new Promise((resolve) => (tell = resolve));
    const { at, close, send } = await mount(() => {}, { secret, onError: (...told) => tell(told) });
    const one = delivery();
    const outgoing = request({ ...at, agent: false, headers: { ...one.headers, "content-length": 1000 } });
    outgoing.on("error", () => {});
    outgoing.write("{", () => outgoing.destroy());
    const [code, id] = await gone;
    assert.deepEqual([code, id], ["body_incomplete", "evt_1"]);
    assert.equal((await send(one)).status, 204);
    await close();
  });

  test(`${name}: a body that comes in pieces is put together`, async () => {
    const { at, close } = await mount(() => {}, { secret });
    const { headers, body } = delivery();
    const outgoing = request({ ...at, agent: false, headers });
    outgoing.setNoDelay(true);
    for (const byte of Buffer.from(body)) await new Promise((done) => outgoing.write(Buffer.from([byte]), done));
    outgoing.end();
    assert.equal((await answered(outgoing)).status, 204);
    await close();
  });
}

/** @param {(handler, options) => Promise<import("node:http2").Http2Server>} mount listens already */
export function multiplexed(name, mount) {
  test(`${name}: over HTTP/2 a body is taken, and refused at the limit without a header that is not HTTP/2's`, async (context) => {
    const warnings = [];
    const warn = (warning) => void warnings.push(warning.message);
    process.on("warning", warn);
    const server = await mount(() => {}, { secret, onError() {}, maxBodyBytes: 1000 });
    const client = connect(`http://127.0.0.1:${server.address().port}`);
    context.after(() => {
      process.off("warning", warn);
      client.destroy();
      server.close();
    });
    for (const [given, status] of [[delivery(), 204], [delivery({ sent: "x".repeat(1001) }), 413]]) {
      const stream = client.request({ ":method": "POST", ":path": PATH, ...given.headers });
      stream.end(given.body);
      const [answer] = await once(stream, "response");
      assert.equal(answer[":status"], status);
    }
    await new Promise(setImmediate);
    assert.deepEqual(warnings, []);
  });
}
