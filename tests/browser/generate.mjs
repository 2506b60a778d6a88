// Writes what the page knows of the API from the server's own description: types, and the kinds of events.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { binary } from "./support/server.mjs";

const folder = new URL("../../server/dashboard/src/api/", import.meta.url);

export async function generated() {
  const description = JSON.parse(execFileSync(binary, ["openapi"], { maxBuffer: 2 ** 24 }));
  const types = astToString(await openapiTS(description, { alphabetize: true }));
  const events = Object.entries(description.webhooks).map(
    ([name, { post }]) => `  { name: ${JSON.stringify(name)}, description: ${JSON.stringify(post.description)} },\n`,
  );
  const header = "// Made from the API's description by tests/browser/generate.mjs.\n\n";
  return {
    "schema.d.ts": header + types,
    "events.ts": `${header}/** Every kind of event, with what triggers it. */\nexport const EVENTS = [\n${events.join("")}] as const;\n`,
  };
}

/** The names of the files that are not as the server describes itself. */
export async function stale() {
  const files = Object.entries(await generated());
  return files.filter(([name, text]) => readFileSync(new URL(name, folder), "utf8") !== text).map(([name]) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await generated())) writeFileSync(new URL(name, folder), text);
}
