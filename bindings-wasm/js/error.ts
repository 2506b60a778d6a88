import { ERRORS, FAULTS, type ErrorCode, type SecretFault } from "./generated/errors.js";

export interface ErrorDetail {
  /** What is wrong with the secret, when the code is `invalid_secret`. */
  fault?: SecretFault;
  /** In place of the text that goes with the code. */
  message?: string;
  /** What the runtime said. */
  cause?: unknown;
}

/** Why a delivery was refused, or why a receiver can't be made. `code` is stable; `message` is for people. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
  /** The stable name of this error, the same in every language. */
  readonly code: ErrorCode;
  /** The HTTP status to answer with: 500 when our own side is at fault, else 413, 401 or 400. */
  readonly status: number;
  /** What is wrong with the secret, when `code` is `invalid_secret`. */
  readonly fault: SecretFault | undefined;

  constructor(code: ErrorCode, { fault, message, cause }: ErrorDetail = {}) {
    const [status, text] = ERRORS[code];
    super(message ?? (fault ? FAULTS[fault] : text), cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.fault = fault;
  }
}

/** The error with this number in the core's list, counted from 0. */
export function numbered(index: number): WebhookVerificationError {
  return new WebhookVerificationError(Object.keys(ERRORS)[index] as ErrorCode);
}

/** The fault of a secret with this number in the core's list, counted from 0. */
export function faulty(index: number): WebhookVerificationError {
  return new WebhookVerificationError("invalid_secret", { fault: Object.keys(FAULTS)[index] as SecretFault });
}
