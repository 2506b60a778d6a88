import { webhookHandler } from "@encrata/webhooks/web";

// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
const inbox = new Map();

const receive = webhookHandler((event) => {
  if (inbox.has(event.id)) return; // it has the same id at every attempt, and came before
  inbox.set(event.id, event);
  setImmediate(() => work(event).catch(console.error)); // after the answer, which is due within 5 seconds
});

async function work(event) {
  console.log(event.id, event.event, event.data);
}

const { url } = Bun.serve({ port: process.env.PORT ?? 3000, routes: { "/webhooks/encrata": { POST: receive } } });
console.log(`listening on ${url}webhooks/encrata`);
