import { webhookHandler } from "@encrata/webhooks/hono";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono();

app.post("/webhooks/encrata", webhookHandler(async (event) => {
  // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
  console.log(event.id, event.event, event.data);
}));

// On Workers, Deno and Bun: `export default app`.
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`listening on http://localhost:${port}/webhooks/encrata`);
});
