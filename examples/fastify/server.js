import { webhookHandler } from "@encrata/webhooks/fastify";
import fastify from "fastify";

const app = fastify();

app.register(webhookHandler(async (event) => {
  // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
  console.log(event.id, event.event, event.data);
}), { prefix: "/webhooks/encrata" });

await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on http://localhost:${app.server.address().port}/webhooks/encrata`);
