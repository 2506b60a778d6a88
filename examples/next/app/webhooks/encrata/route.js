import { webhookHandler } from "@encrata/webhooks/web";
import { after } from "next/server";

// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
const inbox = new Map();

export const POST = webhookHandler((event) => {
  if (inbox.has(event.id)) return; // it has the same id at every attempt, and came before
  inbox.set(event.id, event);
  after(() => work(event)); // after the answer, which is due within 5 seconds
});

async function work(event) {
  console.log(event.id, event.event, event.data);
}
