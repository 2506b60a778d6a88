import { verifySignature, Webhook } from "@encrata/webhooks";
import { diagnose } from "@encrata/webhooks/diagnose";

const secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

/** What each call throws: code and text. */
export function refusals() {
  return [() => new Webhook(secret), () => verifySignature("", secret, ""), () => diagnose("", {}, secret)].map((use) => {
    try {
      return ["worked", String(use())];
    } catch (error) {
      return [error.code, error.message];
    }
  });
}
