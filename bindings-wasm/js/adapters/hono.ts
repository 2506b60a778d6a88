import type { Body, WebhookEvent } from "@encrata/webhooks";
import { endpoint, fromEnvironment, type HandlerOptions } from "./endpoint.js";
import { readRequest, respond } from "./request.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";

// The framework's own types where they are installed, else `any`.
/** @ts-ignore */
type Env = import("hono").Env;
/** @ts-ignore */
export type HonoContext<E extends Env = any> = import("hono").Context<E>;

/** The bodies that Hono keeps for the next one who asks. */
type Cached = { bodyCache?: { arrayBuffer?: Body | Promise<Body>; text?: Body | Promise<Body> } };

const FIX =
  "let no middleware read it on this route, or have it read `c.req.arrayBuffer()` or `c.req.text()`, which Hono keeps";

/**
 * A handler for Hono: `app.post("/webhooks/encrata", webhookHandler(async (event, c) => { … }))`.
 *
 * It verifies the delivery and calls `handler` with the event. The answer is 204, unless the handler returns a response.
 * Name your bindings, `webhookHandler<{ Bindings: Env }>(…)`, to have `c.env` typed.
 * By default the secret is `ENCRATA_WEBHOOK_SECRET` of `c.env`, else of the environment.
 */
export function webhookHandler<E extends Env = any>(
  handler: (event: WebhookEvent, c: HonoContext<E>) => Response | void | Promise<Response | void>,
  options?: HandlerOptions<[c: HonoContext<E>]>,
): (c: HonoContext<E>) => Promise<Response> {
  const receive = endpoint<[c: HonoContext<E>], Response | void>(handler, options, secretOf);
  return async (c) => respond(await receive(c.req.raw.headers, (maxBytes) => bodyOf(c, maxBytes), c));
}

function secretOf({ env }: HonoContext): string | undefined {
  return (env as { ENCRATA_WEBHOOK_SECRET?: string } | undefined)?.ENCRATA_WEBHOOK_SECRET ?? fromEnvironment();
}

function bodyOf({ req }: HonoContext, maxBytes: number): Body | Promise<Body> {
  const { bodyCache } = req as Cached;
  return bodyCache?.arrayBuffer ?? bodyCache?.text ?? readRequest(req.raw, maxBytes, FIX);
}
