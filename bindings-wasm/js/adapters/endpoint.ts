import {
  type Body, type ErrorCode, type HeadersLike, type Secrets, Webhook, type WebhookEvent, WebhookVerificationError,
} from "@encrata/webhooks";
import { find } from "../headers.js";

/** Why a delivery was not processed: a code of the package, or one of these two. */
export type FailureCode = ErrorCode | "body_incomplete" | "handler_failed";

/** `Context` is what the framework hands to a handler: what a secret may depend on. */
export interface HandlerOptions<Context extends readonly unknown[] = readonly never[]> {
  /**
   * The signing secret, several while one rotates, or a function that gives them, now or later. It is read when a
   * delivery comes, never before. By default the environment's `ENCRATA_WEBHOOK_SECRET`.
   */
  secret?: Secrets | ((...context: Context) => Secrets | Promise<Secrets>);
  /** Seconds that the signed timestamp may be from now, either way. 300 by default; `null` looks at no time. */
  tolerance?: number | null;
  /** A larger body is refused before it is read whole. 1 MiB by default; Encrata's events have 256 KiB at most. */
  maxBodyBytes?: number;
  /**
   * Is told of every delivery that was not processed, and awaited before the answer. `id` is the one that the delivery
   * claims, which is proven only for `handler_failed`. `error` says what to do, or is what the handler threw. By default
   * what is answered with 500 goes to `console.error`.
   */
  onError?: (code: FailureCode, id: string | null, error: unknown) => unknown;
}

/** What became of a delivery: the handler's answer, or the status and code to refuse it with. */
export type Outcome<Answer> = { ok: true; answer: Answer } | { ok: false; status: number; code: FailureCode };

/** Gets the raw body. It throws `body_not_raw` and `body_too_large`; whatever else it throws is a body cut short. */
export type ReadBody = (maxBytes: number) => Body | Promise<Body>;

const SECRET = "ENCRATA_WEBHOOK_SECRET";
/** So many sets of secrets are kept ready. */
const KEPT = 64;

/** What every adapter does with a delivery. It never throws and never rejects. */
export function endpoint<Context extends readonly unknown[], Answer>(
  handler: (event: WebhookEvent, ...context: Context) => Answer | Promise<Answer>,
  options: HandlerOptions<Context> = {},
  defaultSecret: (...context: Context) => Secrets = fromEnvironment,
): (headers: HeadersLike, read: ReadBody, ...context: Context) => Promise<Outcome<Awaited<Answer>>> {
  // A secret in the place of options would be shown in the text of an error.
  if (typeof options !== "object" || options === null) {
    throw new TypeError("the options are not an object: expected `{ secret, … }`");
  }
  const { tolerance = 300, maxBodyBytes = 1024 * 1024, onError = report } = options;
  if (typeof handler !== "function") throw new TypeError("the handler is not a function: expected one that takes the event");
  check("tolerance", tolerance ?? 0);
  check("maxBodyBytes", maxBodyBytes);
  // A variable that is given and unset is a fault, not a wish for the default.
  const secret = "secret" in options ? options.secret : defaultSecret;
  const webhookOf = keeper(tolerance ?? undefined);

  const fail = async (code: FailureCode, status: number, id: string | null, error: unknown) => {
    try {
      await onError(code, id, error);
    } catch (thrown) {
      console.error("encrata: onError threw", thrown);
    }
    return { ok: false, status, code } as const;
  };

  return async (headers, read, ...context) => {
    const id = claimedId(headers);
    let event;
    try {
      const body = await bodyFrom(read, maxBodyBytes);
      const webhook = await webhookFrom(secret, context, webhookOf);
      const result = webhook.safeVerify(body, headers);
      if (!result.ok) throw result.error;
      event = result.event;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return fail(error.code, error.status, id, error);
      return fail("body_incomplete", 400, id, error);
    }
    try {
      return { ok: true, answer: await handler(event, ...context) };
    } catch (error) {
      return fail("handler_failed", 500, id, error);
    }
  };
}

function check(name: string, value: unknown): void {
  if (!(typeof value === "number" && value >= 0)) throw new RangeError(`${name} is not a number of 0 or more`);
}

async function bodyFrom(read: ReadBody, maxBytes: number): Promise<Body> {
  const body = await read(maxBytes);
  // Who holds it whole already needs no look at its length before.
  if (bytesIn(body) > maxBytes) throw new WebhookVerificationError("body_too_large");
  return body;
}

function bytesIn(body: Body): number {
  return typeof body === "string" ? new TextEncoder().encode(body).length : body.byteLength;
}

async function webhookFrom<Context extends readonly unknown[]>(
  secret: HandlerOptions<Context>["secret"],
  context: Context,
  webhookOf: (secrets: Secrets) => Webhook,
): Promise<Webhook> {
  try {
    return webhookOf(typeof secret === "function" ? await secret(...context) : secret);
  } catch (cause) {
    if (cause instanceof WebhookVerificationError) throw cause;
    const message = "the secret could not be read: see the cause";
    throw new WebhookVerificationError("invalid_secret", { message, cause });
  }
}

/** The environment's secret, where there is an environment. */
export function fromEnvironment(): string | undefined {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[SECRET];
}

/** A receiver for each set of secrets that comes, the latest of them kept. */
function keeper(tolerance: number | undefined): (secrets: Secrets) => Webhook {
  const kept = new Map<string, Webhook>();
  return (secrets) => {
    const key = JSON.stringify(secrets) ?? "";
    let webhook = kept.get(key);
    if (webhook === undefined) {
      webhook = new Webhook(secrets, { tolerance });
      kept.set(key, webhook);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
    }
    return webhook;
  };
}

/** The id in the headers, if it may be written to a log. */
function claimedId(headers: HeadersLike): string | null {
  const found = find(headers);
  const index = found.indexOf(1);
  const id = index < 0 ? undefined : found[index + 1];
  return typeof id === "string" && /^[\x21-\x7e]{1,128}$/.test(id) ? id : null;
}

function report(code: FailureCode, id: string | null, error: unknown): void {
  const isOurs = code === "handler_failed" || (error instanceof WebhookVerificationError && error.status === 500);
  if (isOurs) console.error(`encrata: delivery ${id ?? "without an id"} was answered with 500: ${code}`, error);
}
