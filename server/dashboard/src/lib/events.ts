import { EVENTS } from "../api/events";

/** Those that a webhook can be registered for: all but `test`. */
export const SUBSCRIBABLE = EVENTS.filter(({ name }) => name !== "test");

export { EVENTS };
