import { createServer } from "node:http";
import { webhookHandler } from "@encrata/webhooks/node";

// Reads 1 MiB at most, verifies signature and time with ENCRATA_WEBHOOK_SECRET, and answers when this is done: within 5 seconds.
createServer(webhookHandler(async (event) => {
  console.log(event.id, event.event, event.data); // keep it where a crash does not reach it; then work
})).listen(3000);
