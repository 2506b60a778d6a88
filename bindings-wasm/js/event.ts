import type { WebhookEvent } from "./generated/events.js";

/** An event that this version knows. */
export type KnownEvent = Extract<WebhookEvent, { known: true }>;
/** The name of an event that this version knows. */
export type EventName = KnownEvent["event"];

/** Whether it is the event of this name, with the data that this version knows. */
export function is<Name extends EventName>(event: WebhookEvent, name: Name): event is Extract<KnownEvent, { event: Name }> {
  return event.known && event.event === name;
}
