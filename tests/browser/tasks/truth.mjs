// The page says what the packages and the API say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stale } from "../generate.mjs";

const root = new URL("../../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

const README = { "node.js": "bindings-wasm/README.md", "python.py": "bindings-python/README.md", "rust.rs": "core/README.md" };

/** A file in Go from the end of its imports on. */
const afterImports = (path) => read(path).split("\n)\n").slice(1).join("\n)\n");

export const truth = [
  {
    name: "types and events of the page are those of the server's description",
    run: async () => assert.deepEqual(await stale(), [], "run tests/browser/generate.mjs and commit what it wrote"),
  },
  {
    name: "the receivers that the page shows are those of the packages' READMEs",
    run: async () => {
      for (const [file, readme] of Object.entries(README)) {
        assert.ok(read(readme).includes(read(`server/dashboard/src/receivers/${file}`)), `${file} is not in ${readme}`);
      }
    },
  },
  {
    name: "the receiver in Go that the page shows is examples/go",
    run: async () => {
      const shown = afterImports("server/dashboard/src/receivers/go.go");
      assert.equal(shown, afterImports("examples/go/main.go") + afterImports("examples/go/verify.go"));
    },
  },
];
