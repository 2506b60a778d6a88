import { WebhookVerificationError } from "@encrata/webhooks";
import type { FailureCode } from "./endpoint.js";

/** What a sender is told: the code, and nothing of what lies behind it. */
export function refusalBody(code: FailureCode): string {
  return JSON.stringify({ error: code });
}

/** The error for a body that was parsed or read, with what to do about it. */
export function notRaw(fix: string): WebhookVerificationError {
  return new WebhookVerificationError("body_not_raw", {
    message: `the body was parsed or read before it was verified, and the signature covers the bytes as they came: ${fix}`,
  });
}
