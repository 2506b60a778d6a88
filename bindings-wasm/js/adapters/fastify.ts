import type { Body, HeadersLike, WebhookEvent } from "@encrata/webhooks";
import { endpoint, type HandlerOptions } from "./endpoint.js";
import { refusalBody } from "./refusal.js";
import { readStream, type Stream } from "./stream.js";

export type { FailureCode, HandlerOptions } from "./endpoint.js";

// The framework's own types where they are installed, else `any`.
/** @ts-ignore */
export type FastifyRequest = import("fastify").FastifyRequest;
/** @ts-ignore */
export type FastifyReply = import("fastify").FastifyReply;

/** What is asked of Fastify's instance. */
export interface FastifyLike {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(type: string, parser: (request: any, payload: any, done: any) => void): unknown;
  post(path: string, handler: (request: any, reply: any) => Promise<unknown>): unknown;
}

const FIX =
  "let no `preParsing` hook consume it on this route, or have one leave the bytes in `request.rawBody`, as fastify-raw-body does";

/**
 * A plugin for Fastify: `app.register(webhookHandler(async (event) => { … }), { prefix: "/webhooks/encrata" })`.
 *
 * It verifies what is posted to the prefix and calls `handler` with the event. The answer is what the handler sent or
 * returned, else 204. Parsers of the rest of the application are not used there, and stay as they are elsewhere.
 */
export function webhookHandler(
  handler: (event: WebhookEvent, request: FastifyRequest, reply: FastifyReply) => unknown,
  options?: HandlerOptions<[FastifyRequest, FastifyReply]>,
): (app: FastifyLike) => Promise<void> {
  const receive = endpoint<[FastifyRequest, FastifyReply], unknown>(handler, options);
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    app.post("/", async (request, reply) => {
      const outcome = await receive(request.headers as HeadersLike, (maxBytes) => bodyOf(request, maxBytes), request, reply);
      if (reply.sent) return reply;
      if (outcome.ok) return outcome.answer === undefined ? reply.code(204).send() : outcome.answer;
      if (outcome.status === 413 && request.raw.httpVersionMajor === 1) reply.header("connection", "close");
      reply.code(outcome.status).header("content-type", "application/json");
      return reply.send(refusalBody(outcome.code));
    });
  };
}

function bodyOf(request: { rawBody?: Body; body?: Stream; headers: Record<string, unknown> }, maxBytes: number): Body | Promise<Body> {
  const { rawBody, body, headers } = request;
  if (typeof rawBody === "string" || rawBody instanceof Uint8Array) return rawBody;
  // Fastify asks no parser where there is no body.
  return body === undefined ? "" : readStream(body, maxBytes, headers["content-length"], FIX);
}
