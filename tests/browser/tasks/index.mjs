import { session } from "./session.mjs";
import { webhooks } from "./webhooks.mjs";

export const tasks = [...session, ...webhooks];
