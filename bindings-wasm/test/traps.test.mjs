// The traps of the documentation's own snippets, and whatever else may be given by mistake.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Script } from "node:vm";
import * as main from "@encrata/webhooks";
import { check } from "./portable/traps.mjs";

const { is, verifySignature, Webhook } = main;
const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}';
const signature = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3";
const webhook = new Webhook(secret);
const code = (given, headers, receiver = webhook) => {
  const result = receiver.safeVerify(given, headers);
  return result.ok ? "ok" : result.error.code;
};
const plain = (value) => ({ "X-Encrata-Signature": value });

test("the snippets' traps, input of any type, bodies of any size", async () => assert.deepEqual(await check(main), []));

test("a value that is no text is there, so it decides", () => {
  for (const value of [{}, [{}], Symbol("s"), true, () => {}]) {
    assert.equal(code(body, { ...plain(signature), "webhook-signature": value }), "malformed_signature");
  }
});

test("a secret without a key in the other scheme is no empty key there", () => {
  const receiver = new Webhook("no base64!");
  for (const size of [10, 1_000, 20_000, 200_000]) {
    const given = "x".repeat(size);
    const forged = createHmac("sha256", "").update(`evt_1.7.${given}`).digest("base64");
    const headers = { "webhook-id": "evt_1", "webhook-timestamp": "7", "webhook-signature": `v1,${forged}` };
    assert.equal(code(given, headers, receiver), "signature_mismatch");
  }
});

test("what the headers lack is told of bodies of any size", () => {
  for (const size of [0, 1_000, 20_000, 200_000]) {
    const given = "x".repeat(size);
    assert.deepEqual([code(given, {}), code(given, plain("short"))], ["missing_signature", "malformed_signature"]);
    const { "webhook-timestamp": _, ...headers } = webhook.sign(given);
    assert.equal(code(given, headers), "missing_timestamp");
  }
});

test("headers are taken as long as they fit, whatever room they leave to the body", () => {
  const found = new Set();
  for (let length = 65_200; length < 65_600; length++) {
    const id = "x".repeat(length);
    const signed = createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`${id}.7.${body}`).digest("base64");
    found.add(code(body, { "webhook-id": id, "webhook-timestamp": "7", "webhook-signature": `v1,${signed}` }));
  }
  assert.deepEqual([...found], ["ok", "malformed_signature"]);
});

test("what has no name is no header", () => {
  assert.equal(code(body, [[null, "x"], [undefined], [Array(10), "x"], ["X-Encrata-Signature", signature]]), "ok");
});

test("a value is a text or a number, and nothing is asked to become one", () => {
  const headers = webhook.sign(body);
  assert.equal(code(body, { ...headers, "webhook-timestamp": Number(headers["webhook-timestamp"]) }), "ok");
  assert.equal(code(body, plain({ toString: () => signature })), "malformed_signature");
});

test("a body of another realm is a body", () => {
  const run = (script) => new Script(script).runInNewContext();
  const bytes = JSON.stringify([...Buffer.from(body)]);
  for (const form of ["b", "b.buffer", "new DataView(b.buffer)"]) {
    assert.equal(verifySignature(run(`const b = new Uint8Array(${bytes}); ${form}`), secret, signature), true, form);
  }
  assert.equal(code(body, run(`new Map([["X-Encrata-Signature", "${signature}"]])`)), "ok");
});

test("headers that can only be asked by name, in lower case, are headers", () => {
  const headers = webhook.sign(body);
  assert.equal(code(body, { get: (name) => headers[name] }), "ok");
  assert.equal(code(`${body} `, { get: (name) => headers[name] ?? null }), "signature_mismatch");
});

test("a body in shared memory is a body", () => {
  const shared = new SharedArrayBuffer(body.length);
  new Uint8Array(shared).set(Buffer.from(body));
  assert.equal(verifySignature(shared, secret, signature), true);
});

test("a view of wider elements is its bytes", () => {
  const even = `${body} `.slice(0, body.length + (body.length % 2));
  const bytes = new Uint8Array(Buffer.from(even));
  const words = new Uint16Array(bytes.buffer, 2, (even.length - 2) / 2);
  assert.equal(verifySignature(words, secret, createHmac("sha256", secret).update(even.slice(2)).digest("hex")), true);
});

test("secrets are refused with their fault, and never shown", () => {
  for (const secrets of [undefined, null, [], [undefined, null, ""]]) {
    assert.throws(() => new Webhook(secrets), { code: "invalid_secret", fault: "missing" });
  }
  for (const secrets of [1, {}, [1], [{}], true, Symbol("s"), [secret, 1]]) {
    assert.throws(() => new Webhook(secrets), { code: "invalid_secret" });
  }
  assert.throws(() => new Webhook("x".repeat(70_000)), { code: "invalid_secret" });
  try {
    new Webhook(`${secret}\n`);
    assert.fail("was taken");
  } catch (error) {
    assert.ok(error instanceof Error && error.message.includes("newline") && !error.message.includes("6cce5d"));
  }
});

test("a tolerance that is no number of seconds is refused", () => {
  for (const tolerance of [-1, NaN, "300", null, 300n]) {
    assert.throws(() => new Webhook(secret, { tolerance }), RangeError, String(tolerance));
  }
  // In the place of options it would be none, and nothing would say so.
  assert.throws(() => new Webhook(secret, 300), RangeError);
  assert.equal(code(body, webhook.sign(body), new Webhook(secret, { tolerance: Infinity })), "ok");
});

test("headers that no server lets in are no work and no fault", () => {
  assert.equal(code(body, plain("a".repeat(1_000_000))), "malformed_signature");
  assert.equal(code(body, { ...webhook.sign(body), "webhook-signature": Array(100_000).fill("v1,x") }), "malformed_signature");
});

test("an event of any name is only what it is", () => {
  for (const event of ["constructor", "__proto__", "toString", "hasOwnProperty", ""]) {
    const text = JSON.stringify({ created_at: "x", data: { message: "m" }, event });
    const verified = webhook.verify(text, webhook.sign(text));
    assert.deepEqual([verified.known, verified.event], [false, event]);
    assert.equal(is(verified, event), false);
  }
});

test("what the body says of itself does not count", () => {
  const text = '{"created_at":"x","data":{"message":"m"},"event":"test","id":"forged","timestamp":1,"known":false,"__proto__":{"a":1},"extra":2}';
  const event = webhook.verify(text, createHmac("sha256", secret).update(text).digest("hex"));
  assert.deepEqual([event.id, event.timestamp, event.known], [null, null, true]);
  assert.deepEqual(Object.keys(event.extra), ["id", "timestamp", "known", "__proto__", "extra"]);
  assert.equal(event.a, undefined);
  assert.equal(is(event, "test"), true);
  assert.equal(is(event, "credits.low"), false);
});

test("a receiver does not show its secret", async () => {
  const { inspect } = await import("node:util");
  assert.ok(!inspect(webhook, { showHidden: true, depth: 9 }).includes("6cce5d"));
  assert.equal(JSON.stringify(webhook), "{}");
});

test("an id is fresh by default, and a timestamp is now", () => {
  const [one, other] = [webhook.sign(body), webhook.sign(body)];
  assert.notEqual(one["webhook-id"], other["webhook-id"]);
  assert.equal(code(body, one, new Webhook(secret, { tolerance: 300 })), "ok");
  for (const timestamp of [1.5, NaN, "7", -1]) assert.throws(() => webhook.sign(body, { timestamp }), TypeError);
  assert.throws(() => webhook.sign({}), { name: "TypeError", message: /not raw/ });
  assert.throws(() => new Webhook("no base64!").sign(body), TypeError);
});
