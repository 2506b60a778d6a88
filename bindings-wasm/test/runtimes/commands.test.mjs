// Runtimes that take a file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bin, run } from "./support.mjs";

const RUNTIMES = {
  Node: [process.execPath],
  Deno: [bin("deno"), "run", "--quiet", "--cached-only", "--allow-read", "--allow-env"],
  Bun: [bin("bun"), "--no-install"],
};

for (const [name, [command, ...args]] of Object.entries(RUNTIMES)) {
  test(`${name}: every vector and trap`, async () => {
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
    assert.deepEqual(JSON.parse(await run(command, [...args, "portable/main.mjs"], { env })), []);
  });
}
