import { EVENTS } from "../api/events";

type Event = (typeof EVENTS)[number];
/** What a webhook can be registered for: all but `test`. */
export type EventName = Exclude<Event["name"], "test">;

export const SUBSCRIBABLE = EVENTS.filter((event): event is Event & { name: EventName } => event.name !== "test");

export { EVENTS };
