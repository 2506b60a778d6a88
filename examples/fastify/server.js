import { webhookHandler } from "@encrata/webhooks/fastify";
import fastify from "fastify";

const app = fastify();
// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
const inbox = new Map();

app.register(webhookHandler(async (event) => {
  if (inbox.has(event.id)) return; // it has the same id at every attempt, and came before
  inbox.set(event.id, event);
  setImmediate(() => work(event).catch(console.error)); // after the answer, which is due within 5 seconds
}), { prefix: "/webhooks/encrata" });

async function work(event) {
  console.log(event.id, event.event, event.data);
}

await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on http://localhost:${app.server.address().port}/webhooks/encrata`);
