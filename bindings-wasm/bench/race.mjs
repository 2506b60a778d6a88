// All races on this runtime, one JSON in a line each. Contenders take turns in every round, so that a machine that slows
// down slows them all.
import { Buffer } from "node:buffer";
import process from "node:process";
import { races } from "./contenders.mjs";

const SIZES = [128, 1024, 16 * 1024, 256 * 1024, 1024 * 1024];
const isQuick = Boolean(process.env.ENCRATA_BENCH_QUICK);
const ROUNDS = isQuick ? 5 : 61;
/** How long a contender runs in a round. */
const SLICE_MS = 1;

const only = process.env.ENCRATA_BENCH_WORK ?? "";

for (const size of SIZES) {
  for (const { work, contenders } of await races(body(size))) {
    if (!work.includes(only)) continue;
    for (const { name, call, before, after } of contenders) {
      before?.();
      if (!(await call())) throw new Error(`${name} refuses a genuine delivery of ${size} bytes`);
      after?.();
    }
    console.log(JSON.stringify({ work, bytes: size, contenders: await race(contenders) }));
  }
}

async function race(contenders) {
  const calls = [];
  for (const contender of contenders) calls.push(await calibrate(contender));
  const times = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (let index = 0; index < contenders.length; index++) {
      times[index].push((await time(contenders[index], calls[index])) / calls[index]);
    }
  }
  return contenders.map(({ name }, index) => {
    // By round, so that what slows a round slows both sides of a ratio.
    const ratios = times.map((others) => median(times[index].map((one, round) => one / others[round])));
    return { name, median_ns: Math.round(median(times[index]) * 1e6), ratios: ratios.map((one) => Number(one.toFixed(2))) };
  });
}

function median(list) {
  return list.toSorted((one, other) => one - other)[list.length >> 1];
}

/** How many calls fill a slice, once the compiler has seen enough of them. */
async function calibrate(contender) {
  let calls = 1;
  let spent = 0;
  for (let ms = 0; spent < 10 * SLICE_MS || ms < SLICE_MS; ) {
    ms = await time(contender, calls);
    spent += ms;
    if (ms < SLICE_MS) calls *= 2;
    else if (spent < 10 * SLICE_MS) calls = Math.max(1, Math.round((calls * SLICE_MS) / ms));
  }
  return calls;
}

async function time({ call, isAsync, before, after }, calls) {
  before?.();
  const started = performance.now();
  if (isAsync) for (let index = 0; index < calls; index++) await call();
  else for (let index = 0; index < calls; index++) call();
  const ms = performance.now() - started;
  after?.();
  return ms;
}

/** A delivery of this size: small records, as a parser meets them, and a filler for the last bytes. */
function body(size) {
  const record = { name: "example", score: 0.93, url: "https://example.com/ada", verified: true };
  const event = (records, filler) => {
    const data = { email: "ada@x.io", lookup_id: "lu_42", x: "x".repeat(filler) };
    if (records > 0) data.records = Array(records).fill(record);
    return JSON.stringify({ created_at: "2026-01-01T00:00:00Z", data, event: "lookup.completed" });
  };
  const records = Math.max(0, Math.floor((size - 256) / (JSON.stringify(record).length + 1)));
  const bytes = Buffer.from(event(records, size - event(records, 0).length));
  if (bytes.length !== size) throw new Error(`a body has ${bytes.length} bytes, expected ${size}`);
  return bytes;
}
