import { type Body, type HeadersLike, type WebhookEvent, WebhookVerificationError } from "@encrata/webhooks";
import { endpoint, type HandlerOptions, type Outcome } from "./endpoint.js";
import { notRaw, refusalBody } from "./refusal.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";

/** What API Gateway (REST and HTTP), a function URL and a load balancer have in common. */
export interface LambdaRequest {
  readonly headers?: { readonly [name: string]: string | undefined } | null | undefined;
  readonly multiValueHeaders?: { readonly [name: string]: string[] | undefined } | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
}

/** What all of them take for an answer. */
export interface LambdaResponse {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  body?: string;
  isBase64Encoded?: boolean;
}

/** With a body, which API Gateway's types ask for. */
export type LambdaAnswer = LambdaResponse & { body: string };

const FIX = "use the proxy integration of API Gateway, a function URL or a load balancer, and hand over its event unchanged";

/**
 * A handler for AWS Lambda behind API Gateway (REST and HTTP), a function URL or an application load balancer.
 *
 * It verifies the delivery and calls `handler` with Encrata's event, then Lambda's event and context. The answer is 204,
 * unless the handler returns one with a `statusCode`.
 */
export function webhookHandler<Request extends LambdaRequest = LambdaRequest, Context = unknown>(
  handler: (event: WebhookEvent, request: Request, context: Context) => LambdaResponse | void | Promise<LambdaResponse | void>,
  options?: HandlerOptions<[Request, Context]>,
): (request: Request, context: Context) => Promise<LambdaAnswer> {
  const receive = endpoint<[Request, Context], LambdaResponse | void>(handler, options);
  return async (request, context) => {
    // A load balancer with multi-value headers has no others, and takes no others.
    const { headers, multiValueHeaders } = request;
    const given: HeadersLike = multiValueHeaders ?? headers ?? {};
    const outcome = await receive(given, (maxBytes) => bodyOf(request, maxBytes), request, context);
    return answer(outcome, !headers && Boolean(multiValueHeaders));
  };
}

function bodyOf({ body, isBase64Encoded }: LambdaRequest, maxBytes: number): Body {
  if (body === null || body === undefined) return "";
  if (typeof body !== "string") throw notRaw(FIX);
  if (!isBase64Encoded) return body;
  // Four characters of base64 are three bytes, less two of padding.
  if ((body.length / 4) * 3 - 2 > maxBytes) throw new WebhookVerificationError("body_too_large");
  return Buffer.from(body, "base64");
}

function answer(outcome: Outcome<LambdaResponse | void>, isMultiValue: boolean): LambdaAnswer {
  if (outcome.ok) {
    const own = outcome.answer;
    if (own && typeof own.statusCode === "number") return { ...own, body: own.body ?? "" };
    return { statusCode: 204, body: "", ...(isMultiValue ? { multiValueHeaders: {} } : {}) };
  }
  const type = "application/json";
  return {
    statusCode: outcome.status,
    ...(isMultiValue ? { multiValueHeaders: { "content-type": [type] } } : { headers: { "content-type": type } }),
    body: refusalBody(outcome.code),
  };
}
