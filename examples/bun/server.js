import { webhookHandler } from "@encrata/webhooks/web";

Bun.serve({
  routes: {
    "/webhooks/encrata": {
      POST: webhookHandler(async (event) => {
        // The same id at every attempt: drop what you have had. Answer within 5 seconds, and work afterwards.
        console.log(event.id, event.event, event.data);
      }),
    },
  },
});
