// A browser, under a strict policy that allows WebAssembly, and under one that does not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, policy, printed, skip } from "./browser.mjs";
import { bundle } from "./support.mjs";

let browser, scripts;

before(async () => {
  if (skip) return;
  const made = ["main", "refused"].map((name) => bundle(`portable/${name}.mjs`, ["browser"], `page-${name}.js`));
  [browser, ...scripts] = await Promise.all([launch(), ...made]);
});
after(() => browser?.close());

test("Chromium, 'wasm-unsafe-eval' allowed: every vector and trap", { skip }, async () => {
  assert.deepEqual(await printed(browser, scripts[0], policy(" 'wasm-unsafe-eval'")), []);
});

test("Chromium, WebAssembly refused: importing works, construction says why in one sentence", { skip }, async () => {
  const said = await printed(browser, scripts[1], policy(""));
  for (const [code, message] of said) {
    assert.equal(code, "wasm_unavailable");
    assert.match(message, /^[^.]*'wasm-unsafe-eval'[^.]*$/);
  }
  assert.equal(said.length, 3);
});
