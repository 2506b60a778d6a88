import { DurableObject } from "cloudflare:workers";
import { webhookHandler } from "@encrata/webhooks/hono";
import { Hono } from "hono";

const app = new Hono();

app.post("/webhooks/encrata", webhookHandler(async (event, c) => {
  await c.env.INBOX.getByName(event.id).keep(event); // on disk before the answer, which is due within 5 seconds
}));

export default app;

/** One for each event, by its id, which is the same at every attempt. */
export class Inbox extends DurableObject {
  async keep(event) {
    if (await this.ctx.storage.get("event")) return; // it came before
    await this.ctx.storage.put("event", event);
    await this.ctx.storage.setAlarm(Date.now());
  }

  /** Works after the answer, again when that throws; at last, when nothing sends the event any more, forgets. */
  async alarm() {
    if (await this.ctx.storage.get("done")) return this.ctx.storage.deleteAll();
    await work(await this.ctx.storage.get("event"));
    await this.ctx.storage.put("done", true);
    await this.ctx.storage.setAlarm(Date.now() + 30 * 24 * 60 * 60 * 1000);
  }
}

async function work(event) {
  console.log(event.id, event.event, event.data);
}
