import { webhookHandler } from "@encrata/webhooks/express";
import express from "express";

const app = express();

// Before any express.json(): the signature covers the bytes as they came.
app.post("/webhooks/encrata", webhookHandler(async (event) => {
  // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
  console.log(event.id, event.event, event.data);
}));

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}/webhooks/encrata`);
});
