import { DATA } from "./generated/data.js";
import type { WebhookEvent } from "./generated/events.js";

/** As the core's JSON parser: a body may be nested as deep as this. */
const MAX_DEPTH = 127;

// Bytes that are no UTF-8 are no JSON, and neither is a byte order mark.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The event in a verified body; `undefined` when it is not an envelope as the core knows it. */
export function read(body: string | Uint8Array, id: string | null, timestamp: number | null): WebhookEvent | undefined {
  let envelope: unknown;
  try {
    const text = typeof body === "string" ? body : decoder.decode(body);
    envelope = JSON.parse(text);
    if (isSuspicious(text, envelope) && !isStrict(text)) return undefined;
  } catch {
    return undefined;
  }
  if (!isObject(envelope)) return undefined;
  const { event, data, created_at, ...extra } = envelope;
  if (typeof event !== "string" || !isObject(data) || typeof created_at !== "string") return undefined;
  return { known: isKnown(event, data), event, data, created_at, id, timestamp, extra } as WebhookEvent;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether name and data are as this version knows them. */
function isKnown(event: string, data: Record<string, unknown>): boolean {
  const fields = DATA.get(event);
  return fields !== undefined && Object.entries(fields).every(([name, type]) => is(data[name], type));
}

function is(value: unknown, type: "string" | "integer" | "unsigned"): boolean {
  if (type === "string") return typeof value === "string";
  return Number.isInteger(value) && (type === "integer" || (value as number) >= 0);
}

/** Whether a text needs a closer look: it is cheap, and says yes to all that the core would refuse. */
function isSuspicious(text: string, value: unknown): boolean {
  return /\\u[dD]/.test(text) || /\d[eE]\+?\d{3}|\d{200}/.test(text) || isDeep(text, value);
}

/** Whether it may be nested too deep: not if a text opens no more than what was read of it holds, in no great depth. */
function isDeep(text: string, value: unknown): boolean {
  let opened = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) opened++;
  }
  return opened > MAX_DEPTH && opened !== count(value, MAX_DEPTH);
}

/** How many arrays and objects there are; NaN when they are nested deeper than that. */
function count(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === 0) return NaN;
  let sum = 1;
  for (const item of Object.values(value)) sum += count(item, depth - 1);
  return sum;
}

/**
 * Whether the core's parser takes a text that `JSON.parse` took. It refuses halves of surrogate pairs, numbers that
 * are infinite to a double, and what is nested too deep.
 */
function isStrict(text: string): boolean {
  const halves = text.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]../g, "");
  if (/\\u[dD][89a-fA-F]/.test(halves)) return false;
  // In two steps: one expression for both runs out of stack on a text of megabytes.
  const bare = text.replace(/\\./g, "").replace(/"[^"]*"/g, "");
  let depth = 0;
  for (const [token] of bare.matchAll(/[[{]|[\]}]|[-\d][-+.\deE]*/g)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    else if (!Number.isFinite(Number(token))) return false;
    if (depth > MAX_DEPTH) return false;
  }
  return true;
}
