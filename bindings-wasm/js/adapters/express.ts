import type { HandlerOptions } from "./endpoint.js";
import { type NodeHandler, nodeHandler } from "./node-http.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";

// The framework's own types where they are installed, else `any`.
/** @ts-ignore */
export type ExpressRequest = import("express").Request;
/** @ts-ignore */
export type ExpressResponse = import("express").Response;

const FIX =
  "put this route before `app.use(express.json())`, or keep the bytes there: " +
  "`express.json({ verify: (request, response, bytes) => { request.rawBody = bytes } })`";

/**
 * A route handler for Express 4 and 5: `app.post("/webhooks/encrata", webhookHandler(async (event) => { … }))`.
 *
 * It verifies the delivery and calls `handler` with the event. The answer is 204, unless the handler answered.
 */
export function webhookHandler(
  handler: NodeHandler<ExpressRequest, ExpressResponse>,
  options?: HandlerOptions<[ExpressRequest, ExpressResponse]>,
): (request: ExpressRequest, response: ExpressResponse) => Promise<void> {
  return nodeHandler(handler, options, FIX);
}
