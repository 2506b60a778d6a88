import * as glue from "#glue-diagnose";
import { load } from "#module";
import { WebhookVerificationError } from "@encrata/webhooks";
import { type Body, raw } from "./body.js";
import type { DiagnosisCause } from "./generated/errors.js";
import { each, type HeadersLike, NAMES } from "./headers.js";

/** Why a delivery does or does not verify. */
export interface Diagnosis {
  /** The cause; its names are stable. */
  cause: DiagnosisCause;
  /** Whether it was proven, by a recomputation that matches or by a fault that is plain to see. If not, it is likely. */
  proven: boolean;
  /** What is wrong, for people. */
  message: string;
  /** What to do about it, for people. */
  fix: string;
}

export interface DiagnoseOptions {
  /** Look at the time too: seconds, as in `new Webhook(secret, { tolerance })`. */
  tolerance?: number | undefined;
}

let isReady = false;

/**
 * Finds out why a delivery does not verify, from the body that was verified, the headers and the secret as they were
 * given. It tries dozens of keys and bodies: for a developer, and never to decide whether a delivery is accepted.
 *
 * @throws {WebhookVerificationError} `body_not_raw`; `wasm_unavailable`.
 * @throws {TypeError} when the secret is neither a text nor unset.
 */
export function diagnose(
  body: Body,
  headers: HeadersLike | undefined,
  secret: string | null | undefined,
  { tolerance }: DiagnoseOptions = {},
): Diagnosis {
  const key = secret ?? "";
  if (typeof key !== "string") throw new TypeError("the secret is not a text: give one at a time");
  const bytes = raw(body);
  if (bytes === undefined) throw new WebhookVerificationError("body_not_raw");
  start();
  const now = tolerance === undefined ? undefined : Math.floor(Date.now() / 1000);
  return glue.diagnose(
    pairs(headers),
    typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
    key,
    now,
    tolerance,
  ) as Diagnosis;
}

function start(): void {
  if (isReady) return;
  try {
    const { exports } = new WebAssembly.Instance(load(), { "./encrata_webhooks_wasm_diagnose_bg.js": glue });
    glue.__wbg_set_wasm(exports);
    (exports["__wbindgen_start"] as () => void)();
    isReady = true;
  } catch (cause) {
    throw new WebhookVerificationError("wasm_unavailable", { cause });
  }
}

function pairs(headers: HeadersLike | undefined): [string, string][] {
  if (typeof headers === "string") return [["x-encrata-signature", headers]];
  if (typeof headers !== "object" || headers === null) return [];
  const list: [string, string][] = [];
  const visit = (name: string, value: unknown) => {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) list.push([name, String(one)]);
    }
  };
  const { get } = headers as { get?: unknown };
  // What can only be asked by name is asked for the names that count.
  if (typeof get === "function" && !(Symbol.iterator in headers)) for (const name of NAMES) visit(name, get.call(headers, name));
  else each(headers, visit);
  return list;
}
