// Runs the races on every runtime, weighs the package, starts it cold; what came of it, beside what it is to reach.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus } from "node:os";
import { dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const { ENCRATA_BENCH_RUNTIMES: runtimes, ENCRATA_BENCH_OUT: out, ENCRATA_BENCH_ESBUILD: esbuild } = process.env;
const COLD_STARTS = process.env.ENCRATA_BENCH_QUICK ? 5 : 61;

const bin = (name) => join(runtimes, "node_modules/.bin", name);
const later = join(runtimes, "long/node_modules");
const node24 = readdirSync(later).find((name) => name.startsWith("node24-"));
const RUNTIMES = {
  node: [process.execPath],
  "node 24": node24 && [join(later, node24, "bin/node")],
  deno: [bin("deno"), "run", "--quiet", "--cached-only", "--allow-all"],
  bun: [bin("bun"), "--no-install"],
};

const targets = [];
function target(measured, value, unit, wanted, isMet) {
  targets.push({ measured, value, unit, target: wanted, met: isMet });
}
const atLeast = (measured, ratio, least) => target(measured, ratio, "ratio", `>= ${least}`, ratio >= least);
const atMost = (measured, value, unit, most) => target(measured, value, unit, `<= ${most}`, value <= most);

const results = [];
for (const [runtime, command] of Object.entries(RUNTIMES)) {
  if (!command) {
    console.log(`SKIPPED: there is no ${runtime} for this machine`);
    continue;
  }
  const [program, ...args] = command;
  const version = execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n")[0];
  console.log(`\n${runtime}: ${version}`);
  const lines = execFileSync(program, [...args, "race.mjs"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  for (const line of lines.trim().split("\n")) {
    const race = { runtime, version, ...JSON.parse(line) };
    results.push(race);
    console.log(`\n${race.work} (${race.bytes} bytes)`);
    for (const { name, median_ns, ratios } of race.contenders) {
      console.log(`  ${name.padEnd(28)} ${String(median_ns).padStart(10)} ns ${ratios[0].toFixed(2).padStart(7)} x`);
    }
    judge(race);
  }
}

function judge({ runtime, work, bytes, contenders }) {
  const isOurs = ({ name }) => /^(verifySignature|Webhook)/.test(name);
  for (const [index, ours] of contenders.entries()) {
    if (!isOurs(ours)) continue;
    for (const theirs of contenders.filter((one) => !isOurs(one))) {
      const isSnippet = theirs.name === "snippet";
      // Where the body is read the snippet is no target: it is told.
      if (isSnippet && work.includes("read")) continue;
      const ratio = theirs.ratios[index];
      const least = isSnippet ? (bytes === 128 && runtime.startsWith("node") ? 2 : 0.95) : theirs.name === "standardwebhooks" ? 4 : 1;
      atLeast(`${runtime}, ${bytes} bytes: ${work}: ${ours.name} beside ${theirs.name}`, ratio, least);
    }
  }
}

function weight() {
  const { transformSync } = createRequire(import.meta.url)(esbuild);
  const code = readFileSync("node_modules/@encrata/webhooks/dist/esm/index.js");
  return brotliCompressSync(transformSync(code, { minify: true, format: "esm" }).code).length;
}

/** How much longer a process takes that verifies an event than one that imports node:crypto; they take turns. */
function coldStart() {
  const times = { "cold.mjs": [], "cold-crypto.mjs": [] };
  for (let round = 0; round < COLD_STARTS; round++) {
    for (const [script, list] of Object.entries(times)) {
      const started = performance.now();
      const { status } = spawnSync(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit"] });
      list.push(performance.now() - started);
      if (status !== 0) throw new Error(`${script} failed`);
    }
  }
  const [ours, theirs] = Object.values(times).map((list) => list.sort((one, other) => one - other)[list.length >> 1]);
  return { ours_ms: ours, crypto_ms: theirs };
}

const cold = coldStart();
atMost("main entry, minified, brotli", weight(), "bytes", 16 * 1024);
atMost("import to first verified event beyond a script that imports node:crypto", Number((cold.ours_ms - cold.crypto_ms).toFixed(2)), "ms", 5);

const missed = targets.filter(({ met }) => !met);
console.log(`\n${targets.length - missed.length} of ${targets.length} targets met`);
for (const { measured, value, unit, target } of missed) console.log(`  MISSED  ${measured}: ${value} ${unit}, target ${target}`);

mkdirSync(dirname(out), { recursive: true });
const report = {
  measured: "time of one call: the median of all rounds, in nanoseconds",
  compared:
    "contenders of one work start from the same delivery and do all that `work` says; they take turns in every round; `unread` " +
    "is Webhook.verify whose JSON.parse and decoder were replaced by constants, for verifying alone; octokit takes text only, and " +
    "has awaits; hash-wasm keeps its key, and so does a Webhook; verifySignature and all others are given the secret each time",
  ratios: "the contender's time by that of each contender in the same round, the first of which is ours: the median of all rounds",
  architecture: arch(),
  processor: cpus()[0]?.model,
  cold,
  targets,
  results,
};
writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nwritten to ${out}`);
