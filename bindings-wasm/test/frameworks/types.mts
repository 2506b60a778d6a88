// Compiled with `tsc --strict` against the packed package and the frameworks' own types; never run.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { is, type WebhookEvent } from "@encrata/webhooks";
import { type FailureCode, webhookHandler as lambda } from "@encrata/webhooks/aws-lambda";
import { webhookHandler as forExpress } from "@encrata/webhooks/express";
import { webhookHandler as forFastify } from "@encrata/webhooks/fastify";
import { webhookHandler as forHono } from "@encrata/webhooks/hono";
import { webhookHandler as forNode } from "@encrata/webhooks/node";
import { webhookHandler } from "@encrata/webhooks/web";
import type { ALBHandler, APIGatewayProxyEventV2, APIGatewayProxyHandler, APIGatewayProxyHandlerV2, Context, LambdaFunctionURLHandler } from "aws-lambda";
import express, { Router } from "express";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import type { NextRequest } from "next/server.js";

function use(event: WebhookEvent): string {
  // @ts-expect-error: not every event has these data
  event.data.email.length;
  return is(event, "lookup.completed") ? event.data.email : event.event;
}

const app = express();
app.post("/hook", forExpress((event) => use(event).length));
app.post("/hook", forExpress(async (event, request, response) => {
  response.status(200).json({ ip: request.ip, event: use(event) });
}, { secret: async (request) => request.get("x-tenant"), onError: (code: FailureCode, id: string | null) => console.log(code, id) }));
Router().post("/hook", forExpress((event: WebhookEvent, request: express.Request, response: express.Response) => response.send(request.path)));

const server = fastify();
server.register(forFastify((event) => use(event)), { prefix: "/hook" });
server.register(forFastify((event, request: FastifyRequest, reply: FastifyReply) => {
  request.log.info(event.id);
  return reply.code(202).send();
}), { prefix: "/hook" });

type Bindings = { SECRET: string };
const hono = new Hono<{ Bindings: Bindings }>();
hono.post("/hook", forHono((event, c) => { c.req.path.length; use(event); }));
// @ts-expect-error: there is no such method
hono.post("/hook", forHono((_event, c) => c.jsn({})));
// @ts-expect-error: there is no such method
app.post("/hook", forExpress((_event, _request, response) => response.jsn({})));
hono.post("/hook", forHono<{ Bindings: Bindings }>(async (event, c) => c.json({ event: use(event), path: c.req.path }), { secret: (c) => c.env.SECRET }));

createServer(forNode(use));
createServer(forNode((event, request, response) => response.setHeader("x-url", request.url ?? "").end(use(event))));
createServer(forNode((event, request: IncomingMessage, response: ServerResponse) => response.end(request.url + use(event))));

export const POST: (request: NextRequest, context: { params: Promise<{ id: string }> }) => Promise<Response> =
  webhookHandler(async (event, request) => Response.json({ event: use(event), url: request.url }));
export const worker = {
  fetch: webhookHandler((event, _request, _env: Bindings, ctx: { waitUntil(promise: Promise<unknown>): void }) => {
    ctx.waitUntil(Promise.resolve(use(event)));
  }, { secret: (_request, env) => env.SECRET }),
} satisfies { fetch(request: Request, env: Bindings, ctx: { waitUntil(promise: Promise<unknown>): void }): Promise<Response> };
// @ts-expect-error: a handler answers with a response or with nothing
webhookHandler(() => 204);
// @ts-expect-error: a secret is a text
webhookHandler(() => {}, { secret: 7 });

export const rest: APIGatewayProxyHandler = lambda((event) => { use(event); });
export const url: LambdaFunctionURLHandler = lambda((event) => { use(event); });
export const http: APIGatewayProxyHandlerV2 = lambda((event, request: APIGatewayProxyEventV2, context: Context) => ({
  statusCode: 200, body: use(event) + request.rawPath + context.awsRequestId,
}));
export const balancer: ALBHandler = lambda((event) => { use(event); });
