// Random bodies, secrets and mangled signatures against node:crypto. ENCRATA_TEST_LONG=1 for the long form; a failure
// names the seed, and ENCRATA_TEST_SEED repeats it.
import assert from "node:assert/strict";
import { createHmac, randomInt } from "node:crypto";
import { test } from "node:test";
import { verifySignature, Webhook } from "@encrata/webhooks";

const ROUNDS = process.env.ENCRATA_TEST_LONG ? 100_000 : 2_000;
const SEED = Number(process.env.ENCRATA_TEST_SEED ?? randomInt(2 ** 32));

/** mulberry32 */
let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const upTo = (limit) => Math.floor(random() * limit);
const pick = (list) => list[upTo(list.length)];
const hex = (length) => Array.from({ length }, () => upTo(16).toString(16)).join("");

/** Around the sizes of a block, of the change of digests, and of the scratch buffer. */
const EDGES = [0, 1, 55, 56, 63, 64, 65, 119, 128, 1023, 1024, 1025, 4096, 65_000, 65_535, 65_536, 65_537, 131_072, 200_000];

function length() {
  if (random() < 0.8) return upTo(2_000);
  return Math.max(0, pick(EDGES) - 200 + upTo(220));
}

function body() {
  const size = length();
  if (random() < 0.3) {
    const unit = pick(["a", "é", "€", "😀", "\ud800", '"', "\0"]);
    return unit.repeat(size / unit.length) + hex(upTo(9));
  }
  const bytes = Buffer.alloc(size + 16);
  for (let index = 0; index < bytes.length; index += 4) bytes.writeUInt32LE(upTo(2 ** 32), Math.min(index, bytes.length - 4));
  const start = upTo(16);
  return pick([
    () => bytes.subarray(start, start + size),
    () => new Uint8Array(bytes).buffer.slice(start, start + size),
    () => new DataView(bytes.buffer, bytes.byteOffset + start, size),
    () => bytes.toString("latin1"),
  ])();
}

const bytesOf = (given) =>
  typeof given === "string"
    ? Buffer.from(given)
    : ArrayBuffer.isView(given)
      ? Buffer.from(given.buffer, given.byteOffset, given.byteLength)
      : Buffer.from(given);

const secret = () =>
  pick([
    () => `whsec_${hex(64)}`,
    () => `whsec_${Buffer.from(hex(upTo(100) + 1)).toString("base64")}`,
    () => `é${hex(upTo(200))}`,
    () => hex(upTo(200) + 1),
  ])();

/** A signature, and whether it is still one. */
function mangled(good) {
  const at = upTo(64);
  const other = pick([...'0123456789abcdefABCDEFg ,"é\0'].filter((unit) => unit !== good[at]));
  const bad = pick([
    () => good.slice(0, at) + other + good.slice(at + 1),
    () => good.slice(0, at),
    () => good + other,
    () => good.toUpperCase(),
    () => `sha256=${good}`,
    () => ` ${good}`,
    () => `${good}\n`,
    () => `${good},${good}`,
    () => hex(64),
  ])();
  return [bad, bad === good];
}

function round() {
  const given = body();
  const key = secret();
  const good = createHmac("sha256", key).update(bytesOf(given)).digest("hex");
  assert.equal(verifySignature(given, key, good), true);
  const [bad, isGood] = mangled(good);
  assert.equal(verifySignature(given, key, bad), isGood, bad);

  const encoded = `whsec_${hex(64)}`;
  const receiver = new Webhook(random() < 0.5 ? encoded : [secret(), encoded, undefined]);
  const [id, timestamp] = [`evt_${hex(8)}`, String(upTo(2 ** 31))];
  const standard = createHmac("sha256", Buffer.from(encoded.slice(6), "base64"));
  const signed = standard.update(`${id}.${timestamp}.`).update(bytesOf(given)).digest("base64");
  const code = (headers) => receiver.safeVerify(given, headers).error?.code ?? "ok";
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signed}` };
  assert.equal(code(headers), "invalid_payload");
  assert.equal(code({ ...headers, "webhook-id": `${id}0` }), "signature_mismatch");
  assert.equal(code({ ...headers, "webhook-timestamp": `${timestamp}0` }), "signature_mismatch");
  assert.equal(code({ "x-encrata-signature": createHmac("sha256", encoded).update(bytesOf(given)).digest("hex") }), "invalid_payload");
  assert.equal(code({ "x-encrata-signature": hex(64) }), "signature_mismatch");
}

test(`${ROUNDS} rounds against node:crypto`, () => {
  for (let index = 0; index < ROUNDS; index++) {
    const seed = state;
    try {
      round();
    } catch (error) {
      throw new Error(`round ${index} failed: repeat it with ENCRATA_TEST_SEED=${seed >>> 0}`, { cause: error });
    }
  }
});
