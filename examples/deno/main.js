import { webhookHandler } from "npm:@encrata/webhooks/web";

// deno run --allow-net --allow-env=ENCRATA_WEBHOOK_SECRET main.js
Deno.serve(webhookHandler(async (event) => {
  // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
  console.log(event.id, event.event, event.data);
}));
