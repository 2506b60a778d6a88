// Times the npm package on two classes of input that take turns at random: a line of JSON with all timings for each
// piece of work. What they say is judged elsewhere.
import { createHmac } from "node:crypto";
import { Webhook } from "../../bindings-wasm/dist/esm/index.js";

const rounds = Number(process.argv[2]);
const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const webhook = new Webhook(secret);

/** A text of one piece, as a header is. */
const flat = (text) => Buffer.from(text, "latin1").toString("latin1");

function delivery(bytes) {
  const data = { message: "x".repeat(bytes) };
  const body = JSON.stringify({ created_at: "2026-01-01T00:00:00Z", data, event: "test" });
  const hex = webhook.sign(body)["x-encrata-signature"];
  const turned = (at) => flat(hex.slice(0, at) + (hex[at] === "0" ? "1" : "0") + hex.slice(at + 1));
  return { body, classes: ["wrong first byte", "wrong last byte"], inputs: [turned(0), turned(63)] };
}

const verify = (body) => (header) => webhook.safeVerify(body, header).ok;

/** The comparison that must not be. */
const stopping = (body) => (header) => {
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  for (let index = 0; index < 64; index++) {
    if (expected.charCodeAt(index) !== header.charCodeAt(index)) return false;
  }
  return true;
};

/** Seeded, so that every run asks the same. */
let state = 0x9e3779b9;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 31;
}

function time(work, { body, classes, inputs }, of) {
  const call = of(body);
  const samples = [[], []];
  for (let round = 0; round < rounds; round++) {
    const picked = random();
    const input = inputs[picked];
    const began = process.hrtime.bigint();
    call(input);
    const took = Number(process.hrtime.bigint() - began);
    // The first ones warm up.
    if (round >= rounds / 20) samples[picked].push(took);
  }
  console.log(JSON.stringify({ runtime: `node ${process.versions.node}`, work, classes, samples }));
}

const [small, large] = [delivery(40), delivery(2000)];
time("verify, all of it in WebAssembly", small, verify);
time("verify, compared in WebAssembly, hashed by the host", large, verify);
time("control: one and the same input", { ...small, inputs: [small.inputs[0], small.inputs[0]] }, verify);
time("control: compared until the first difference", small, stopping);
