import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "@encrata/webhooks";
import { check } from "./portable/vectors.mjs";

const require = createRequire(import.meta.url);
const vectors = require("./vectors.json");

test("every case of the vectors, imported", () => assert.deepEqual(check(esm, vectors), []));
test("every case of the vectors, required", () => assert.deepEqual(check(require("@encrata/webhooks"), vectors), []));
