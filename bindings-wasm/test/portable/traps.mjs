// The traps of the documentation's own snippets, whatever else may be given by mistake, and digests of every size, on
// any runtime: `check` takes what the package exports and returns what failed.

const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}';
const signature = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3";
/** What the empty key signs the body with: whoever takes an unset secret takes this forgery. */
const forgery = "16118f39c5f56566757557f25eb87e1048fe33847ca1bfb3a61bf3694a25fde4";

/** @returns {Promise<string[]>} */
export async function check({ Webhook, verifySignature, WebhookVerificationError }) {
  const failures = [];
  const expect = (name, actual, expected) => {
    if (actual !== expected) failures.push(`${name}: got ${String(actual)}, expected ${String(expected)}`);
  };
  const webhook = new Webhook(secret);
  const code = (given, headers) => {
    const result = webhook.safeVerify(given, headers);
    return result.ok ? "ok" : result.error.code;
  };
  const thrown = (step) => {
    try {
      step();
    } catch (error) {
      return `${error.code}: ${error.fault}`;
    }
  };

  expect("a genuine one", code(body, { "X-Encrata-Signature": signature }), "ok");
  for (const [value, expected] of traps) {
    expect(`safeVerify: ${value}`, code(body, { "X-Encrata-Signature": value }), expected);
    expect(`verifySignature: ${value}`, verifySignature(body, secret, value), false);
  }
  const parsed = JSON.parse(body);
  expect("safeVerify: a parsed body", code(parsed, { "X-Encrata-Signature": signature }), "body_not_raw");
  expect("verifySignature: a parsed body", verifySignature(parsed, secret, signature), false);
  expect("verifySignature: no secret", verifySignature(body, "", forgery), false);
  expect("new Webhook: no secret", thrown(() => new Webhook("")), "invalid_secret: missing");
  // In the snippet this throws; it is a body like any other.
  expect("an ArrayBuffer", verifySignature(new TextEncoder().encode(body).buffer, secret, signature), true);

  const codes = new Set();
  let pairs = 0;
  for (const one of anything()) {
    pairs += 3;
    const uses = [() => verifySignature(one, secret, signature), () => verifySignature(body, one, signature), () => verifySignature(body, secret, one)];
    for (const other of anything()) {
      pairs++;
      uses.push(() => verifySignature(one, other, signature), () => verifySignature(body, one, other));
      const { error } = attempt(() => webhook.safeVerify(one, other));
      if (!(error instanceof WebhookVerificationError)) failures.push(`safeVerify: ${kind(one)}, ${kind(other)}: ${error}`);
      codes.add(error?.code);
    }
    for (const use of uses) expect(`verifySignature: ${kind(one)}`, attempt(use), false);
  }
  if (pairs < 1_000) failures.push(`only ${pairs} pairs of values were tried`);
  const all = "body_not_raw malformed_signature missing_signature multiple_signatures";
  expect("the codes of what is no delivery", [...codes].sort().join(" "), all);

  for (const size of SIZES) {
    for (const given of [new Uint8Array(size).fill(7), "é".repeat(size / 2), "\ud800".repeat(size / 2)]) {
      const hex = await digest(given);
      const name = `${size} bytes as ${kind(given)}`;
      expect(name, verifySignature(given, secret, hex), true);
      expect(`${name}, altered`, verifySignature(altered(given), secret, hex), false);
      // No envelope, which is looked at once the signature is right.
      expect(`${name}, signed`, code(given, webhook.sign(given)), "invalid_payload");
      expect(`${name}, signed and altered`, code(altered(given), webhook.sign(given)), "signature_mismatch");
    }
  }
  // What is signed before the body may be as long as headers are taken.
  for (const length of [16_000, 16_370, 65_000, 65_465, 65_470, 65_475, 65_480, 65_500]) {
    for (const given of ["", "é".repeat(8_000)]) {
      const answer = code(given, { ...webhook.sign(given), "webhook-id": "x".repeat(length) });
      if (!/^(signature_mismatch|malformed_signature)$/.test(answer)) failures.push(`an id of ${length} bytes: got ${answer}`);
    }
  }
  return failures;
}

/** Around the change of digests, and of the scratch buffer. */
const SIZES = [2, 64, 382, 384, 1022, 1024, 2558, 2560, 5_400, 16_250, 16_384, 65_534, 65_536, 65_538, 200_000, 1_000_000];

const traps = [
  [signature.slice(1), "malformed_signature"],
  [`${signature}0`, "malformed_signature"],
  ["", "missing_signature"],
  [`sha256=${signature}`, "malformed_signature"],
  ["é".repeat(64), "malformed_signature"],
  [signature.toUpperCase(), "malformed_signature"],
  [[signature, signature], "multiple_signatures"],
  [`${signature}, ${signature}`, "multiple_signatures"],
  [undefined, "missing_signature"],
];

/** Values of every type, some of which throw when they are looked at; what a runtime does not know is left out. */
function anything() {
  const throwing = new Proxy({}, { get() { throw new Error("looked at"); }, ownKeys() { throw new Error("listed"); } });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const detached = new ArrayBuffer(8);
  const view = new Uint8Array(detached);
  structuredClone(detached, { transfer: [detached] });
  const shared = globalThis.SharedArrayBuffer ? [new SharedArrayBuffer(4)] : [];
  return [
    undefined, null, true, 0, -0, NaN, 1n, Symbol("s"), "", "\ud800", "\uffff", "x".repeat(70_000), () => {}, [], [[]], [null], [undefined, 1],
    [["a"]], [[Symbol("s"), 1]], {}, Object.create(null), new Date(), /x/, new Map([[1, 2]]), new Set([1]), new WeakMap(), new Error("e"),
    Promise.resolve(), new ReadableStream(), new Blob(["x"]), new URLSearchParams("a=b"), new FormData(), new Request("http://localhost/"),
    new Response("x"), new Headers(), new Uint8Array(0), new Uint16Array(3), new DataView(new ArrayBuffer(3), 1), ...shared,
    new Float64Array(2), view, detached, throwing, revoked.proxy, { toString() { throw new Error("no text"); } }, { [Symbol.toStringTag]: "ArrayBuffer" },
    { [Symbol.iterator]() { throw new Error("iterated"); } }, { get() { throw new Error("got"); } }, { get: () => ({}) },
    { "webhook-signature": {} }, { "webhook-signature": [Symbol("s")] }, { "x-encrata-signature": ["a", ["b"]] }, globalThis,
  ];
}

/** The HMAC as the platform computes it. */
async function digest(given) {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, typeof given === "string" ? bytes.encode(given) : given);
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function altered(given) {
  if (typeof given === "string") return `${given.slice(0, -1)}è`;
  const bytes = given.slice();
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

function attempt(step) {
  try {
    return step();
  } catch (error) {
    return { error };
  }
}

function kind(value) {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "what throws";
  }
}
