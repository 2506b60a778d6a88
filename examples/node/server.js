import { createServer } from "node:http";
import { webhookHandler } from "@encrata/webhooks/node";

const server = createServer(webhookHandler(async (event) => {
  // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
  console.log(event.id, event.event, event.data);
}));

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}/webhooks/encrata`);
});
