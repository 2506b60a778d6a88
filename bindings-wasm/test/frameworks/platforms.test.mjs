// Platforms that leave the bytes in `request.rawBody`, as they are.
import "reflect-metadata";
import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/node";
import functions from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { Controller, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { delivery, notes, rows, secret } from "./rows.mjs";
import { listen } from "./server.mjs";

const own = (_event, _request, response) => response.status(202).json({ mine: true });
let count = 0;

/** Their parsers refuse by themselves what says that it is JSON and is not. */
async function announced(mounting) {
  const { send, ...mounted } = await mounting;
  const type = (body) => {
    try {
      JSON.parse(body);
      return "application/json";
    } catch {
      return "application/octet-stream";
    }
  };
  return { ...mounted, send: (one) => send({ ...one, headers: { ...one.headers, "content-type": type(one.body) } }) };
}

// Firebase's functions for HTTP requests are the same.
rows("Cloud Functions", async (handler, options) => {
  const name = `encrata-${++count}`;
  functions.http(name, webhookHandler(handler, options));
  return announced(listen(undefined, getTestServer(name)));
}, { own });

/** An application with one controller; the decorators are called as a compiler would. */
async function nest(handler, options, settings) {
  const handle = webhookHandler(handler, options);
  class Webhooks {
    receive(request, response) {
      return handle(request, response);
    }
  }
  Controller("webhooks")(Webhooks);
  Req()(Webhooks.prototype, "receive", 0);
  Res()(Webhooks.prototype, "receive", 1);
  Post("encrata")(Webhooks.prototype, "receive", Object.getOwnPropertyDescriptor(Webhooks.prototype, "receive"));
  class Application {}
  Module({ controllers: [Webhooks] })(Application);
  const app = await NestFactory.create(Application, { logger: false, ...settings });
  await app.listen(0, "127.0.0.1");
  return listen(undefined, app.getHttpServer());
}

rows("NestJS", (handler, options) => announced(nest(handler, options, { rawBody: true })), { own });

test("NestJS without rawBody: answered with 500, and the fix is told", async () => {
  const { told, onError } = notes();
  const { send, close } = await nest(() => assert.fail("called"), { secret, onError });
  assert.deepEqual(await send(delivery()).then(({ status, text }) => [status, text]), [500, '{"error":"body_not_raw"}']);
  assert.match(told[0][2].message, /rawBody: true/);
  await close();
});
