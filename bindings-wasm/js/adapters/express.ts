import type { HandlerOptions } from "./endpoint.js";
import { type NodeHandler, nodeHandler, type NodeRequest, type NodeResponse } from "./node-http.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";
export type { NodeHandler, NodeRequest, NodeResponse } from "./node-http.js";

const FIX =
  "put this route before `app.use(express.json())`, or keep the bytes there: " +
  "`express.json({ verify: (request, response, bytes) => { request.rawBody = bytes } })`";

/**
 * A route handler for Express 4 and 5: `app.post("/webhooks/encrata", webhookHandler(async (event) => { … }))`.
 *
 * It verifies the delivery and calls `handler` with the event. The answer is 204, unless the handler answered.
 */
export function webhookHandler<Request extends NodeRequest, Response extends NodeResponse>(
  handler: NodeHandler<Request, Response>,
  options?: HandlerOptions<[Request, Response]>,
): (request: Request, response: Response) => Promise<void> {
  return nodeHandler(handler, options, FIX);
}
