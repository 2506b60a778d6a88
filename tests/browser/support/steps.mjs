// Steps that many tasks begin with.
const BASE = "/settings/webhooks";
export const ALL = ["lookup.completed", "monitor.run.completed", "apikey.created", "apikey.revoked", "credits.low", "credits.exhausted"];

/** Goes to a place of the page, and signs in there. */
export async function signIn({ page, server, key }, path = "") {
  await page.goto(server.url + BASE + path);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** A webhook at a path of the receiver. */
export async function webhook({ api, receiver }, path, events = ALL, description = "") {
  return api.call("POST", "/api/webhooks", { url: receiver.url(path), events, description });
}

/** Publishes events about credits. */
export async function publish({ publisher }, count) {
  const event = { event: "credits.low", data: { credits_remaining: 10, threshold: 50 } };
  await publisher.call("POST", "/api/events/batch", Array.from({ length: count }, () => event));
}
