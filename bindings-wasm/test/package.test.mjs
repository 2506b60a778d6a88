// The package as a package: what it weighs, what it brings, and what it does where there is no WebAssembly.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { Webhook } from "@encrata/webhooks";
import { diagnose } from "@encrata/webhooks/diagnose";

const root = new URL("node_modules/@encrata/webhooks/", import.meta.url);
const read = (path) => readFileSync(new URL(path, root));
const manifest = JSON.parse(read("package.json"));
const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

const run = (code, ...flags) =>
  execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", code], { encoding: "utf8", cwd: new URL(".", import.meta.url) });

test("importing never throws, and a runtime without WebAssembly is told in one sentence", () => {
  for (const gone of ["delete globalThis.WebAssembly;", "WebAssembly.Module = function () { throw new TypeError('refused') };"]) {
    const said = run(`${gone}
      const { Webhook, verifySignature, is } = await import("@encrata/webhooks");
      const { diagnose } = await import("@encrata/webhooks/diagnose");
      for (const use of [() => new Webhook("${secret}"), () => verifySignature("", "${secret}", ""), () => diagnose("", {}, "${secret}")]) {
        try { use(); console.log("worked") } catch (error) { console.log(error.code, error.message.split(". ").length, error.cause?.name); }
      }`);
    assert.match(said, /^(wasm_unavailable 1 (ReferenceError|TypeError)\n){3}$/);
  }
});

/** What a host may have in place of Node's own. */
const HOSTS = ["undefined", "() => { throw new Error('refused') }", "() => undefined", "() => ({})", "() => ({ ...crypto, hash: undefined })"];

for (const host of HOSTS) test(`where getBuiltinModule is ${host}, everything is verified all the same`, () => {
  const said = run(`import crypto from "node:crypto";
    process.getBuiltinModule = ${host};
    const { Webhook, verifySignature } = await import("@encrata/webhooks");
    const { createHmac } = await import("node:crypto");
    for (const size of [0, 1, 1000, 65_000, 65_536, 200_000, 1_000_000]) {
      for (const body of ["é".repeat(size), new Uint8Array(size).fill(7)]) {
        const hex = createHmac("sha256", "${secret}").update(body).digest("hex");
        const webhook = new Webhook("${secret}");
        const { error } = webhook.safeVerify(body, webhook.sign(body));
        const off = Buffer.from(body); if (size) off[size - 1] ^= 1;
        const { code } = webhook.safeVerify(body, {}).error;
        console.log(verifySignature(body, "${secret}", hex), error.code, code, size > 0 && verifySignature(off, "${secret}", hex));
      }
    }`);
  assert.match(said, /^(true invalid_payload missing_signature false\n){14}$/);
});

test("it has no dependencies, and every file that it names", () => {
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"]) {
    assert.equal(manifest[field], undefined);
  }
  const files = JSON.stringify(manifest.exports).match(/\.\/dist[^"]+|\.\/package.json/g);
  assert.ok(files.length > 10);
  for (const file of files) assert.ok(existsSync(new URL(file, root)), file);
  for (const file of ["README.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE"]) assert.ok(existsSync(new URL(file, root)), file);
  assert.deepEqual(readdirSync(root).sort(), ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "dist", "package.json"]);
});

test("the modules for other conditions import the module that lies beside them", () => {
  for (const [folder, suffix] of [["workerd", ""], ["edge-light", "?module"]]) {
    for (const name of ["index", "diagnose"]) {
      const code = read(`dist/${folder}/${name}.js`).toString();
      const path = `../${name}.wasm`;
      assert.ok(code.includes(`from "${path}${suffix}"`), `${folder}/${name}`);
      assert.ok(WebAssembly.validate(read(`dist/${name}.wasm`)));
      assert.ok(!code.includes("WebAssembly.Module("), "it compiles nothing");
    }
  }
});

test("each runtime has its condition, behind `require`", () => {
  for (const entry of [".", "./diagnose"]) {
    const conditions = Object.keys(manifest.exports[entry]);
    assert.deepEqual(conditions, ["workerd", "edge-light", "require", "deno", "bun", "browser", "node", "default"]);
    for (const condition of conditions.slice(2)) {
      const code = read(manifest.exports[entry][condition].default).toString();
      assert.ok(code.includes("WebAssembly.Module("), "it compiles what it holds");
      assert.doesNotMatch(code, /\.wasm["?]/);
    }
  }
});

/** Counts the bytes by which the module's memory grows. */
const GROWTH = `let memory;
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const made = new Instance(...given);
    memory = made.exports.memory;
    return made;
  };
  const { Webhook, verifySignature } = await import("@encrata/webhooks");
  const growth = async (round) => {
    await round(0);
    const before = memory.buffer.byteLength;
    for (let index = 1; index < 20; index++) await round(index);
    console.log(memory.buffer.byteLength - before);
  };`;

test("of the secrets that verifySignature is given a few are kept, and the rest forgotten", () => {
  const round = `(index) => { for (let one = 0; one < 1_000; one++) verifySignature("", "secret " + index + one, "${"0".repeat(64)}"); }`;
  assert.equal(run(`${GROWTH} await growth(${round});`), "0\n");
});

test("a receiver that nobody holds is forgotten by the module", () => {
  const round = `async () => {
    for (let one = 0; one < 1_000; one++) new Webhook("${secret}");
    gc();
    await new Promise((done) => setTimeout(done, 1));
  }`;
  const grown = Number(run(`${GROWTH} await growth(${round});`, "--expose-gc"));
  // Nearly 30 MiB when all are kept; some wait for their finalizer.
  assert.ok(grown <= 6 * 1024 * 1024, `by ${grown} bytes`);
});

test("nothing of the machine that built it is in it", () => {
  for (const name of ["index.wasm", "diagnose.wasm"]) {
    assert.doesNotMatch(read(`dist/${name}`).toString("latin1"), /\/(root|home|Users|work|build)\//);
  }
});

test("the main entry weighs 16 KiB at most, minified and compressed, with its module", () => {
  const { transformSync } = createRequire(import.meta.url)("esbuild");
  const minified = (path) => transformSync(read(path), { minify: true, format: "esm" }).code;
  const bytes = (content) => brotliCompressSync(content).length;
  const weights = { inlined: bytes(minified("dist/esm/index.js")), apart: bytes(minified("dist/workerd/index.js")) + bytes(read("dist/index.wasm")) };
  for (const [name, weight] of Object.entries(weights)) assert.ok(weight <= 16 * 1024, `${name}: ${weight} bytes`);
});

test("an error's stack is readable", () => {
  const lines = read("dist/cjs/index.js").toString().split("\n");
  const longest = lines.map((line) => line.length).sort((one, other) => other - one);
  assert.ok(longest[1] < 2_000, "one line holds the module, no other is long");
});

test("a diagnosis names the cause", () => {
  const body = '{"created_at":"2026-01-01T00:00:00Z","data":{},"event":"test"}';
  const webhook = new Webhook(secret);
  const headers = webhook.sign(body);
  const cause = (...given) => diagnose(...given).cause;
  assert.equal(cause(body, headers, secret), "match");
  assert.equal(cause(Buffer.from(body), new Headers(headers), `${secret}\n`), "secret_whitespace");
  assert.equal(cause(JSON.stringify(JSON.parse(body), null, 1), headers, secret), "body_reserialised");
  for (const nothing of [{}, undefined, null]) assert.equal(cause(body, nothing, secret), "signature_missing");
  for (const unset of ["", undefined, null]) assert.equal(cause(body, headers, unset), "secret_invalid");
  assert.equal(cause(body, { get: (name) => headers[name] }, secret), "match");
  assert.equal(cause(body, webhook.sign(body, { timestamp: 7 }), secret, { tolerance: 5 }), "timestamp_too_old");
  assert.equal(cause(body, headers["x-encrata-signature"].toUpperCase(), secret), "signature_uppercase");
  assert.throws(() => diagnose(JSON.parse(body), headers, secret), { code: "body_not_raw" });
  assert.throws(() => diagnose(body, headers, [secret]), TypeError);
  const { proven, message, fix } = diagnose(body, headers["x-encrata-signature"], secret.slice(6));
  assert.ok(proven && message.length > 20 && fix.length > 10);
});
