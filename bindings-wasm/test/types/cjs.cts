import webhooks = require("@encrata/webhooks");
import diagnosis = require("@encrata/webhooks/diagnose");

const event: webhooks.WebhookEvent = new webhooks.Webhook("secret").verify("body", {});
export const threshold: number | undefined = webhooks.is(event, "credits.low") ? event.data.threshold : undefined;
export const cause: string = diagnosis.diagnose("body", {}, "secret").cause;
