// What is an envelope, beyond the vectors: where JavaScript's own parser takes more than the core's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "@encrata/webhooks";

const webhook = new Webhook("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c");
const envelope = (value) => `{"created_at":"x","data":{"a":${value}},"event":"e"}`;
const taken = (body) => {
  const result = webhook.safeVerify(body, webhook.sign(body));
  if (!result.ok) assert.equal(result.error.code, "invalid_payload");
  return result.ok;
};
const nested = (depth, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth);

test("half a surrogate pair is no text", () => {
  for (const text of ["\\ud800", "\\udc00", "\\uD83D x", "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\\\\\ud800", "\\ud83d\\\\ude00", "\\n\\uDBFF"]) {
    assert.equal(taken(envelope(`"${text}"`)), false, text);
  }
  for (const text of ["\\ud83d\\ude00", "\\\\ud800", "\\\\\\\\uD800", "\\ud7ff\\ue000", "\\ud83d\\ude00\\ud83d\\ude00", "😀"]) {
    assert.equal(taken(envelope(`"${text}"`)), true, text);
  }
  assert.equal(taken('{"created_at":"x","data":{},"event":"\\ud800","event":"e"}'), false, "also where it is overwritten");
});

test("a long text of pairs is a text", () => assert.equal(taken(envelope(`"${"\\ud83d\\ude00".repeat(1_000_000)}"`)), true));

test("a number that is infinite to a double is none", () => {
  for (const number of ["1e309", "-1E+400", "1.7976931348623159e308", "9".repeat(400), "1e0309", `${"9".repeat(250)}e99`]) {
    assert.equal(taken(envelope(number)), false, number);
    assert.equal(taken(envelope(`[{"b":${number}}]`)), false, number);
  }
  for (const number of ["1.7976931348623157e308", "1e-400", "-0", "9".repeat(300), "18446744073709551616", "1e308", "0.1e+1"]) {
    assert.equal(taken(envelope(number)), true, number);
  }
  assert.equal(taken(envelope('"1e999 [[[ \\" 1e999"')), true, "in a text it is none");
  assert.equal(taken('{"created_at":"x","data":1e999,"data":{},"event":"e"}'), false, "also where it is overwritten");
});

test("what is nested as deep as the core looks is an envelope", () => {
  for (const pair of [["[", "]"], ['{"a":', "}"]]) {
    const [open, close] = pair;
    const value = (depth) => (open === "[" ? nested(depth) : `${open.repeat(depth)}1${close.repeat(depth)}`);
    assert.equal(taken(envelope(value(125))), true);
    assert.equal(taken(envelope(value(126))), false);
    assert.equal(taken(envelope(value(100_000))), false);
  }
  assert.equal(taken(envelope(`[${Array(500).fill("[{}]").join()}]`)), true, "many are not deep");
  assert.equal(taken(envelope(`["${"[".repeat(500)}"]`)), true, "in a text they are none");
  assert.equal(taken(`{"created_at":"x","data":${nested(127)},"data":{},"event":"e"}`), false, "also where it is overwritten");
  assert.equal(taken(envelope(`[${Array(500).fill("[{}]").join()},${nested(126)}]`)), false, "deep among many");
});

test("bytes and text are read alike", () => {
  for (const body of [envelope(1), envelope('"é😀"'), `\ufeff${envelope(1)}`, "", "null", `${envelope(1)}\n`]) {
    assert.equal(taken(body), taken(Buffer.from(body)));
  }
  assert.equal(taken(Buffer.from(envelope('"\xff"'), "latin1")), false);
  assert.equal(taken(Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d])), false);
});

test("what data is known of is what the types say", () => {
  const known = (event, data) => {
    const body = JSON.stringify({ created_at: "x", data, event });
    return webhook.verify(body, webhook.sign(body)).known;
  };
  const run = { monitor_id: "m", monitor_name: "n", run_id: "r", total_records: 1, changes_detected: 0, credits_used: 0 };
  assert.equal(known("monitor.run.completed", run), true);
  assert.equal(known("monitor.run.completed", { ...run, more: [] }), true);
  for (const wrong of [-1, 1.5, "1", null, true, [], {}, undefined]) {
    assert.equal(known("monitor.run.completed", { ...run, total_records: wrong }), false, String(wrong));
  }
  assert.equal(known("credits.exhausted", { credits_remaining: -5 }), true);
  assert.equal(known("lookup.completed", { email: "a", lookup_id: 1 }), false);
});
