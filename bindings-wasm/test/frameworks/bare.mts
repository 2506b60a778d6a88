// Compiled with the declarations checked and no framework, nor Node's types, in sight.
import type { HandlerOptions as Express } from "@encrata/webhooks/express";
import type { HandlerOptions as Fastify } from "@encrata/webhooks/fastify";
import type { HandlerOptions as Hono } from "@encrata/webhooks/hono";
import type { HandlerOptions as Lambda } from "@encrata/webhooks/aws-lambda";
import type { HandlerOptions as Node } from "@encrata/webhooks/node";
import { webhookHandler, type HandlerOptions as Web } from "@encrata/webhooks/web";

export type All = Express | Fastify | Hono | Lambda | Node | Web;
export const handle: (request: Request) => Promise<Response> = webhookHandler((event) => new Response(event.event));
