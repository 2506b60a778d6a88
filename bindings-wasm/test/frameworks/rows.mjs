// What every adapter must do, whatever the framework: `rows` takes a way to mount a handler and runs the table.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Webhook } from "@encrata/webhooks";

export const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
export const other = `whsec_${"0123456789abcdef".repeat(4)}`;
export const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"héllo"},"event":"test"}';
const webhook = new Webhook(secret);
const now = () => Math.floor(Date.now() / 1000);

/** A delivery as Encrata sends it; `change` overrides headers, `undefined` takes one away. */
export function delivery({ sent = body, signer = webhook, change = {}, ...options } = {}) {
  const headers = { "content-type": "application/json", ...signer.sign(sent, { id: "evt_1", ...options }), ...change };
  return { headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)), body: sent };
}

/** The standard headers taken away. */
const plain = { "webhook-id": undefined, "webhook-timestamp": undefined, "webhook-signature": undefined };
const none = { ...plain, "x-encrata-signature": undefined };
const hex = createHmac("sha256", secret).update(body).digest("hex");

/** A timestamp that is none, rightly signed. */
const soon = createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`evt_1.soon.${body}`).digest("base64");

/** Code, delivery, status, the id that is told, and the tolerance if it is not the default. */
const REFUSED = [
  ["missing_signature", { change: none }, 401, null],
  ["missing_signature", { change: { ...none, "x-encrata-signature": "" } }, 401, null],
  ["multiple_signatures", { change: { ...plain, "x-encrata-signature": `${hex}, ${hex}` } }, 401, null, null],
  ["malformed_signature", { change: { ...plain, "x-encrata-signature": hex.toUpperCase() } }, 401, null, null],
  ["malformed_signature", { change: { "webhook-signature": "v1,short" } }, 401, "evt_1"],
  ["missing_signature", { change: { ...none, "webhook-id": "x".repeat(128) } }, 401, "x".repeat(128)],
  // What would spoil a log is not told.
  ["missing_signature", { change: { ...none, "webhook-id": "x".repeat(129) } }, 401, null],
  ["missing_signature", { change: { ...none, "webhook-id": "evt 1" } }, 401, null],
  ["missing_timestamp", { change: plain }, 401, null],
  ["malformed_timestamp", { change: { "webhook-timestamp": "soon", "webhook-signature": `v1,${soon}` } }, 401, "evt_1"],
  ["signature_mismatch", { signer: new Webhook(other) }, 401, "evt_1"],
  ["timestamp_too_old", { timestamp: now() - 400 }, 401, "evt_1"],
  ["timestamp_too_new", { timestamp: now() + 900 }, 401, "evt_1"],
  ["invalid_payload", { sent: "[]" }, 400, "evt_1"],
  ["invalid_payload", { sent: "" }, 400, "evt_1"],
  // Decoded before the signature was looked at, it would be a mismatch.
  ["invalid_payload", { sent: new Uint8Array([0x7b, 0xff, 0xfe]) }, 400, "evt_1"],
];

/** Notes what `onError` is told. */
export function notes() {
  const told = [];
  return { told, onError: (code, id, error) => void told.push([code, id, error]) };
}

/**
 * @param {string} name
 * @param {(handler, options?) => Promise<{ send: (delivery) => Promise<{status, text}>, close?: () => unknown }>} mount
 * @param {{ own: Function }} parts `own` is a handler that answers itself, with 202
 */
export function rows(name, mount, { own }) {
  const using = async (handler, options, use) => {
    const mounted = await mount(handler, options);
    try {
      return await use(mounted.send);
    } finally {
      await mounted.close?.();
    }
  };
  const refused = async (code, status, options, one = delivery(), handler = () => assert.fail("the handler was called")) => {
    const { told, onError } = notes();
    const answer = await using(handler, { secret, onError, ...options }, (send) => send(one));
    assert.deepEqual([answer.status, answer.text, told.length, told[0]?.[0]], [status, JSON.stringify({ error: code }), 1, code]);
    return told[0];
  };

  test(`${name}: a genuine delivery is handed over, and answered with 204`, async () => {
    const seen = [];
    const { told, onError } = notes();
    const answer = await using((event) => void seen.push(event), { secret, onError }, (send) => send(delivery()));
    assert.deepEqual([answer.status, answer.text, told], [204, "", []]);
    assert.deepEqual([seen.length, seen[0].event, seen[0].data.message, seen[0].id], [1, "test", "héllo", "evt_1"]);
  });

  test(`${name}: each refusal has its status and code, and onError is told code and id`, async () => {
    for (const [code, given, status, id, tolerance] of REFUSED) {
      const [, told, error] = await refused(code, status, tolerance === null ? { tolerance } : {}, delivery(given));
      assert.equal(told, id, code);
      assert.equal(error.code, code);
    }
  });

  test(`${name}: a handler that throws is answered with 500, and nothing of it is told`, async () => {
    const thrown = new Error("the password is hunter2");
    for (const handler of [() => { throw thrown; }, () => Promise.reject(thrown)]) {
      const [, id, error] = await refused("handler_failed", 500, {}, delivery(), handler);
      assert.deepEqual([id, error], ["evt_1", thrown]);
    }
  });

  test(`${name}: an onError that throws changes no answer`, async (context) => {
    const { mock } = context.mock.method(console, "error", () => {});
    for (const onError of [() => { throw new Error("onError"); }, () => Promise.reject(new Error("onError"))]) {
      const answer = await using(() => {}, { secret, onError }, (send) => send(delivery({ change: none })));
      assert.equal(answer.status, 401);
    }
    assert.equal(mock.callCount(), 2);
  });

  test(`${name}: without onError only what is answered with 500 is logged`, async (context) => {
    const { mock } = context.mock.method(console, "error", () => {});
    await using(() => { throw new Error("thrown"); }, { secret }, (send) => send(delivery({ change: none })));
    assert.equal(mock.callCount(), 0);
    await using(() => { throw new Error("thrown"); }, { secret }, (send) => send(delivery()));
    assert.equal(mock.callCount(), 1);
    await using(() => {}, { secret: undefined }, (send) => send(delivery()));
    assert.equal(mock.callCount(), 2);
  });

  test(`${name}: the handler may answer itself`, async () => {
    const answer = await using(own, { secret }, (send) => send(delivery()));
    assert.deepEqual([answer.status, answer.text], [202, '{"mine":true}']);
  });

  test(`${name}: the secret is a value, several, or a function of the request, now or later`, async () => {
    const headerOf = (context) => (context.req?.raw ?? context.req ?? context).headers;
    const tenant = (context) => {
      const headers = headerOf(context);
      return (headers.get?.("x-tenant") ?? headers["x-tenant"]) === "one" ? secret : undefined;
    };
    for (const given of [secret, [undefined, other, secret], tenant, async (context) => tenant(context), () => [other, secret]]) {
      const answer = await using(() => {}, { secret: given }, (send) => send(delivery({ change: { "x-tenant": "one" } })));
      assert.equal(answer.status, 204, String(given));
    }
    const [, , missing] = await refused("invalid_secret", 500, { secret: tenant });
    assert.equal(missing.fault, "missing");
    const cause = new Error("the vault is closed");
    for (const given of [() => Promise.reject(cause), () => { throw cause; }]) {
      const [, , error] = await refused("invalid_secret", 500, { secret: given });
      assert.equal(error.cause, cause);
    }
    const circle = {};
    circle.secret = circle;
    for (const given of [() => 7n, () => [circle], () => Buffer.from(secret)]) await refused("invalid_secret", 500, { secret: given });
  });

  test(`${name}: an unset secret is answered with 500, and does not throw before`, async () => {
    delete process.env.ENCRATA_WEBHOOK_SECRET;
    for (const options of [{ secret: undefined }, { secret: [] }, { secret: "" }, { secret: `${secret}\n` }]) await refused("invalid_secret", 500, options);
    const { told, onError } = notes();
    await using(() => {}, { onError }, async (send) => {
      assert.equal((await send(delivery())).status, 500);
      // It is read when a delivery comes.
      process.env.ENCRATA_WEBHOOK_SECRET = secret;
      assert.equal((await send(delivery())).status, 204);
    });
    // One that is given and unset is no wish for the default.
    await refused("invalid_secret", 500, { secret: undefined });
    delete process.env.ENCRATA_WEBHOOK_SECRET;
    assert.deepEqual(told.map(([code]) => code), ["invalid_secret"]);
  });

  test(`${name}: a tolerance of null looks at no time, and another is kept to`, async () => {
    const old = delivery({ timestamp: now() - 400 });
    for (const [tolerance, one, status] of [[null, old, 204], [null, delivery({ change: plain }), 204], [500, old, 204], [undefined, old, 401]]) {
      const answer = await using(() => {}, { secret, tolerance }, (send) => send(one));
      assert.equal(answer.status, status);
    }
  });

  test(`${name}: a body over the limit is refused, one of just the limit is not`, async () => {
    const bytes = Buffer.byteLength(body);
    await refused("body_too_large", 413, { maxBodyBytes: bytes - 1, secret: () => assert.fail("asked for nothing") });
    const answer = await using(() => {}, { secret, maxBodyBytes: bytes }, (send) => send(delivery()));
    assert.equal(answer.status, 204);
    await refused("body_too_large", 413, {}, delivery({ sent: "x".repeat(1024 * 1024 + 1) }));
  });

  test(`${name}: an option that can't be meant is refused at once`, async () => {
    for (const maxBodyBytes of [Number("1MB"), "1000"]) await assert.rejects(async () => mount(() => {}, { secret, maxBodyBytes }), RangeError);
    await assert.rejects(async () => mount(() => {}, { secret, tolerance: -1 }), RangeError);
    await assert.rejects(async () => mount(undefined, { secret }), TypeError);
    // Neither is a secret told of that stands where options do.
    for (const options of [secret, null]) {
      await assert.rejects(async () => mount(() => {}, options), (error) => error instanceof TypeError && /^the options/.test(error.message));
    }
  });
}
