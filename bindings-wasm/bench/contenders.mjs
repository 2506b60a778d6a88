// Who does what. Contenders of one race start from the same delivery and do all that `work` says; ours is the first.
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { verifySignature, Webhook } from "@encrata/webhooks";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { verify as octokit } from "@octokit/webhooks-methods";
import { createHMAC, createSHA256 } from "hash-wasm";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";

const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

/** The documentation's. */
function snippet(payload, secret, signature) {
  const expected = crypto.createHmac("sha256", secret).update(payload).digest("hex");
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}

const equal = (signature, hex) => crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(hex));

/** What stands in for reading the event, so that all but that is measured. */
function unread(event) {
  const { decode } = TextDecoder.prototype;
  const { parse } = JSON;
  return {
    before() {
      TextDecoder.prototype.decode = () => "{}";
      JSON.parse = () => event;
    },
    after() {
      TextDecoder.prototype.decode = decode;
      JSON.parse = parse;
    },
  };
}

/** Where its package has WebCrypto only. */
function isStripeAsync(stripe, text, header) {
  try {
    return !stripe.constructEvent(text, header, secret);
  } catch {
    return true;
  }
}

export async function races(bytes) {
  const text = bytes.toString();
  const event = JSON.parse(text);
  const webhook = new Webhook(secret);
  const tolerant = new Webhook(secret, { tolerance: 300 });
  const headers = webhook.sign(bytes);
  const hex = headers["x-encrata-signature"];
  const plain = { "content-type": "application/json", "x-encrata-signature": hex };
  const standard = { "content-type": "application/json", ...headers };
  const standardwebhooks = new StandardWebhook(secret);
  const svix = new SvixWebhook(secret);
  const { webhooks: stripe } = Stripe;
  const stripeHeader = await stripe.generateTestHeaderStringAsync({ payload: text, secret });
  const isAsync = isStripeAsync(stripe, text, stripeHeader);
  const async = isAsync ? "Async" : "";
  const key = new TextEncoder().encode(secret);
  const hashWasm = await createHMAC(createSHA256(), key);
  const withoutReading = unread(event);
  return [
    {
      work: "x-encrata-signature over bytes, compared in constant time",
      contenders: [
        { name: "verifySignature", call: () => verifySignature(bytes, secret, hex) },
        { name: "Webhook.verify, unread", call: () => webhook.verify(bytes, plain), ...withoutReading },
        { name: "snippet", call: () => snippet(bytes, secret, hex) },
        { name: "@noble/hashes", call: () => equal(hex, Buffer.from(hmac(sha256, key, bytes)).toString("hex")) },
        { name: "hash-wasm", call: () => equal(hex, hashWasm.init().update(bytes).digest("hex")) },
      ],
    },
    {
      work: "x-encrata-signature over text, compared in constant time",
      contenders: [
        { name: "verifySignature", call: () => verifySignature(text, secret, hex) },
        { name: "snippet", call: () => snippet(text, secret, hex) },
        { name: "@octokit/webhooks-methods", call: () => octokit(secret, text, `sha256=${hex}`), isAsync: true },
      ],
    },
    {
      work: "x-encrata-signature over bytes, and the body read",
      contenders: [
        { name: "Webhook.verify", call: () => webhook.verify(bytes, plain) },
        { name: "snippet", call: () => snippet(bytes, secret, hex) && JSON.parse(bytes) },
      ],
    },
    {
      work: "a signed timestamp and bytes, 300 seconds allowed",
      contenders: [
        { name: "Webhook.verify, unread", call: () => tolerant.verify(bytes, standard), ...withoutReading },
        {
          name: "standardwebhooks",
          call: () => standardwebhooks.verify(bytes, standard, { jsonParse: false }) === undefined,
        },
        { name: "svix", call: () => svix.verify(bytes, standard) === undefined },
        { name: "stripe", call: () => stripe.signature[`verifyHeader${async}`](bytes, stripeHeader, secret, 300), isAsync },
      ],
    },
    {
      work: "a signed timestamp and bytes, 300 seconds allowed, and the body read",
      contenders: [
        { name: "Webhook.verify", call: () => tolerant.verify(bytes, standard) },
        { name: "standardwebhooks", call: () => standardwebhooks.verify(bytes, standard) },
        { name: "stripe", call: () => stripe[`constructEvent${async}`](bytes, stripeHeader, secret, 300), isAsync },
      ],
    },
  ];
}
