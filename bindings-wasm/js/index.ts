export type { Body } from "./body.js";
export { WebhookVerificationError } from "./error.js";
export { is, type EventName, type KnownEvent } from "./event.js";
export type { ErrorCode, SecretFault } from "./generated/errors.js";
export type * from "./generated/events.js";
export type { HeadersLike, HeaderValue } from "./headers.js";
export { verifySignature } from "./signature.js";
export { type Secrets, type SignedHeaders, type SignOptions, type VerifyResult, Webhook, type WebhookOptions } from "./webhook.js";
