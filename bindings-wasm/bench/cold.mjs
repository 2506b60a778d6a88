import { Webhook } from "@encrata/webhooks";

const body = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}';
const webhook = new Webhook("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c");
webhook.verify(body, "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3");
