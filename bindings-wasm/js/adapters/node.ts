import type { HandlerOptions } from "./endpoint.js";
import { type NodeHandler, nodeHandler, type NodeRequest, type NodeResponse } from "./node-http.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";
export type { NodeHandler, NodeRequest, NodeResponse } from "./node-http.js";

// Node's own types where they are installed, else `any`.
/** @ts-ignore */
type Incoming = import("node:http").IncomingMessage;
/** @ts-ignore */
type Outgoing = import("node:http").ServerResponse;

const FIX =
  "let no body parser run on this route, or have it leave the bytes in `request.rawBody`, as Cloud Functions and Firebase do " +
  "(NestJS: `NestFactory.create(AppModule, { rawBody: true })`; Next.js `pages/api`: `export const config = { api: { bodyParser: false } }`)";

/**
 * A listener for `node:http`, and for whatever has its request and response: Cloud Functions, Firebase, NestJS.
 *
 * It verifies the delivery and calls `handler` with the event. The answer is 204, unless the handler answered.
 */
export function webhookHandler<Request extends NodeRequest = Incoming, Response extends NodeResponse = Outgoing>(
  handler: NodeHandler<Request, Response>,
  options?: HandlerOptions<[Request, Response]>,
): (request: Request, response: Response) => Promise<void> {
  return nodeHandler(handler, options, FIX);
}
