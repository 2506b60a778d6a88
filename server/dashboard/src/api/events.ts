// Made from the API's description by tests/browser/generate.mjs.

/** Every kind of event, with what triggers it. */
export const EVENTS = [
  { name: "apikey.created", description: "Sent when an API key was created in the workspace." },
  { name: "apikey.revoked", description: "Sent when an active API key was revoked or deleted." },
  { name: "credits.exhausted", description: "Sent when the workspace has no credits left." },
  { name: "credits.low", description: "Sent when the workspace's remaining credits fall to its threshold." },
  { name: "lookup.completed", description: "Sent when an email look-up has finished." },
  { name: "monitor.run.completed", description: "Sent when a run of a monitor has finished." },
  { name: "test", description: "Sent on demand, to try a webhook." },
] as const;
