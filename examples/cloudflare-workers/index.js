import { webhookHandler } from "@encrata/webhooks/web";

export default {
  fetch: webhookHandler(
    (event, _request, _env, ctx) => ctx.waitUntil(work(event)),
    { secret: (_request, env) => env.ENCRATA_WEBHOOK_SECRET },
  ),
};

async function work(event) {
  // The same id at every attempt: drop what you have had.
  console.log(event.id, event.event, event.data);
}
