import type { WebhookEvent } from "@encrata/webhooks";
import { endpoint, type HandlerOptions } from "./endpoint.js";
import { readRequest, respond } from "./request.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";

const FIX = "let nothing read the request before, or hand over `request.clone()` made before it was read";

/**
 * A handler that takes a `Request` and answers with a `Response`: a Next.js route handler, `Deno.serve`, `Bun.serve`, a
 * Worker's `fetch`.
 *
 * It verifies the delivery and calls `handler` with the event, the request, and whatever else the platform hands over
 * (`env` and `ctx` in a Worker). The answer is 204, unless the handler returns a response.
 */
export function webhookHandler<Rest extends readonly any[]>(
  handler: (event: WebhookEvent, request: Request, ...rest: Rest) => Response | void | Promise<Response | void>,
  options?: HandlerOptions<[request: Request, ...rest: Rest]>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const receive = endpoint<[request: Request, ...rest: Rest], Response | void>(handler, options);
  return async (request, ...rest) =>
    respond(await receive(request.headers, (maxBytes) => readRequest(request, maxBytes, FIX), request, ...rest));
}
