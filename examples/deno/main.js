import { webhookHandler } from "npm:@encrata/webhooks/web";

// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
const inbox = new Map();

const receive = webhookHandler((event) => {
  if (inbox.has(event.id)) return; // it has the same id at every attempt, and came before
  inbox.set(event.id, event);
  setTimeout(() => work(event).catch(console.error)); // after the answer, which is due within 5 seconds
});

async function work(event) {
  console.log(event.id, event.event, event.data);
}

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 3000) }, receive);
