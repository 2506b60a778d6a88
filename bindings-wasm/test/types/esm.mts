// Compiled with `tsc --strict` against the packed package; never run.
import {
  type ErrorCode, type EventName, is, type KnownEvent, type UnknownEvent, verifySignature, Webhook, type WebhookEvent,
  WebhookVerificationError,
} from "@encrata/webhooks";
import { diagnose, type Diagnosis } from "@encrata/webhooks/diagnose";

const webhook = new Webhook([process.env.OLD, process.env.NEW, null], { tolerance: 300 });
declare const request: Request;
declare const node: import("node:http").IncomingMessage;

export function every(event: WebhookEvent): string {
  if (!event.known) {
    const unknown: UnknownEvent = event;
    return unknown.event;
  }
  switch (event.event) {
    case "lookup.completed":
      return event.data.email + event.data.lookup_id;
    case "monitor.run.completed":
      return event.data.monitor_name + event.data.total_records.toFixed();
    case "apikey.created":
    case "apikey.revoked":
      return event.data.key_preview;
    case "credits.low":
      return event.data.threshold.toFixed();
    case "credits.exhausted":
      return event.data.credits_remaining.toFixed();
    case "test":
      return event.data.message;
    default: {
      const nothing: never = event;
      return nothing;
    }
  }
}

export function some(event: WebhookEvent): string | null {
  if (is(event, "credits.low")) return event.data.threshold.toFixed() + event.id;
  // @ts-expect-error: not every event has these data
  event.data.email.length;
  // @ts-expect-error: no event has this name
  is(event, "credits.lo");
  const later: unknown = event.data.anything;
  const extra: unknown = event.extra.anything;
  return event.timestamp === null ? null : `${event.timestamp.toFixed()}${later}${extra}`;
}

export async function receive(): Promise<Response> {
  const result = webhook.safeVerify(await request.arrayBuffer(), request.headers);
  if (result.ok) return new Response(result.event.event);
  const code: ErrorCode = result.error.code;
  // @ts-expect-error: there is none when it is refused
  result.event;
  // @ts-expect-error: no such code
  if (code === "signature_mismach") return new Response(null);
  return new Response(code, { status: result.error.status });
}

export const bodies = [
  webhook.verify("text", node.headers),
  webhook.verify(Buffer.from(""), node.headersDistinct),
  webhook.verify(new Uint8Array(), node.rawHeaders),
  webhook.verify(new DataView(new ArrayBuffer(1)), new Map([["a", "b"]])),
  webhook.verify(new SharedArrayBuffer(1), [["a", "b"]]),
  webhook.verify("", new Headers().entries()),
  webhook.verify("", { "x-encrata-signature": ["a"] }),
  webhook.verify("", "bare"),
];
// @ts-expect-error: a parsed body can't be verified
webhook.verify({ event: "test" }, {});
// @ts-expect-error: neither can nothing
webhook.verify(undefined, {});
// @ts-expect-error: a secret is a text
new Webhook(1);

export const names: EventName[] = ["test", "lookup.completed"];
export const answers: boolean[] = [
  verifySignature(new Uint8Array(), "secret", "signature"),
  verifySignature("", process.env.SECRET, node.headers["x-encrata-signature"]),
  verifySignature("", process.env.SECRET, request.headers.get("x-encrata-signature")),
];
// @ts-expect-error: a parsed body can't be verified
verifySignature({ event: "test" }, "secret", "signature");
export const found: Diagnosis = diagnose("body", {}, process.env.SECRET, { tolerance: 5 });
export const proof: true = found.cause === "match" ? true : true;
export const error: Error = new WebhookVerificationError("invalid_payload");
export const signed: Record<string, string> = webhook.sign("body", { id: "evt_1", timestamp: 7 });
new Headers(signed);
export type Known = KnownEvent["known"] extends true ? true : never;
