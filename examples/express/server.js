import { webhookHandler } from "@encrata/webhooks/express";
import express from "express";

const app = express();
// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
const inbox = new Map();

// Before any express.json(): the signature covers the bytes as they came.
app.post("/webhooks/encrata", webhookHandler((event) => {
  if (inbox.has(event.id)) return; // it has the same id at every attempt, and came before
  inbox.set(event.id, event);
  setImmediate(() => work(event).catch(console.error)); // after the answer, which is due within 5 seconds
}));

async function work(event) {
  console.log(event.id, event.event, event.data);
}

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}/webhooks/encrata`);
});
