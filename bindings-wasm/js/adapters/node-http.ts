import type { Body, WebhookEvent } from "@encrata/webhooks";
import { endpoint, type HandlerOptions } from "./endpoint.js";
import { notRaw, refusalBody } from "./refusal.js";
import { isRead, readStream, type Stream } from "./stream.js";

/** What is asked of a request: Node's own, and whatever is built on it. */
export interface NodeRequest {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
}

/** What is asked of a response: Node's own, and whatever is built on it. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
  destroy(): unknown;
}

export type NodeHandler<Request, Response> = (event: WebhookEvent, request: Request, response: Response) => unknown;

/** What parsers and platforms leave on a request. */
type Parsed = NodeRequest & Stream & { rawBody?: unknown; body?: unknown; httpVersionMajor?: number };

/** The adapter of everything that has Node's request and response; `fix` says how to leave the body alone there. */
export function nodeHandler<Request extends NodeRequest, Response extends NodeResponse>(
  handler: NodeHandler<Request, Response>,
  options: HandlerOptions<[Request, Response]> | undefined,
  fix: string,
): (request: Request, response: Response) => Promise<void> {
  const receive = endpoint<[Request, Response], unknown>(handler, options);
  return async (request, response) => {
    const incoming = request as unknown as Parsed;
    const outcome = await receive(request.headers, (maxBytes) => bodyOf(incoming, maxBytes, fix), request, response);
    if (response.writableEnded) return;
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      if (!outcome.ok) response.destroy();
      return;
    }
    response.statusCode = outcome.ok ? 204 : outcome.status;
    if (outcome.ok) return void response.end();
    // What was not read must not be taken for the next request. HTTP/2 has no such header.
    if (outcome.status === 413 && incoming.httpVersionMajor === 1) response.setHeader("connection", "close");
    response.setHeader("content-type", "application/json");
    response.end(refusalBody(outcome.code));
  };
}

function bodyOf(request: Parsed, maxBytes: number, fix: string): Body | Promise<Body> {
  if (isRaw(request.rawBody)) return request.rawBody;
  if (!isRead(request)) return readStream(request, maxBytes, request.headers["content-length"], fix);
  if (isRaw(request.body)) return request.body;
  throw notRaw(fix);
}

function isRaw(body: unknown): body is string | Uint8Array {
  return typeof body === "string" || body instanceof Uint8Array;
}
