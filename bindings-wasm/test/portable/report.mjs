// All that runs on any runtime, with the packed package as that runtime resolves it.
import * as webhooks from "@encrata/webhooks";
import { diagnose } from "@encrata/webhooks/diagnose";
import { check as checkTraps } from "./traps.mjs";
import { check as checkVectors } from "./vectors.mjs";
import vectors from "./vectors.json" with { type: "json" };

/** @returns {Promise<string[]>} what failed */
export async function report() {
  return [...checkVectors(webhooks, vectors), ...(await checkTraps(webhooks)), ...checkDiagnosis()];
}

function checkDiagnosis() {
  const { body, secrets, headers } = vectors.sign.find((one) => one.body !== undefined && one.headers.length > 3);
  const causes = [secrets[0], `${secrets[0]}\n`].map((secret) => diagnose(body, headers, secret).cause);
  return causes.join() === "match,secret_whitespace" ? [] : [`diagnose: got ${causes}`];
}
