import { charts } from "./charts.mjs";
import { deliveries } from "./deliveries.mjs";
import { diagnose } from "./diagnose.mjs";
import { keys } from "./keys.mjs";
import { session } from "./session.mjs";
import { speed } from "./speed.mjs";
import { truth } from "./truth.mjs";
import { webhooks } from "./webhooks.mjs";

export const tasks = [...truth, ...session, ...webhooks, ...deliveries, ...charts, ...diagnose, ...keys, ...speed];
