import assert from "node:assert/strict";
import { shown } from "../support/browser.mjs";
import { publish, signIn, webhook } from "../support/steps.mjs";

export const session = [
  {
    name: "sign in: a wrong key is refused in words, a right one leads to where the reader wanted to go; nothing of it is kept",
    run: async (bench) => {
      const { page, server, key } = bench;
      await page.goto(`${server.url}/settings/webhooks/keys`);
      await page.getByLabel("API key").waitFor();
      await shown(page, "sign-in");
      await page.getByLabel("API key").fill("enc_live_00000000000000000000000000000000");
      await page.keyboard.press("Enter");
      await page.getByText("No key opens with this.").waitFor();
      await page.getByLabel("API key").fill(key);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "API keys" }).waitFor();

      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
      assert.equal(kept, '[{},{},""]');
      const [cookie] = await page.context().cookies();
      assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && !cookie.value.includes(key), JSON.stringify(cookie));
      await page.reload();
      await page.getByRole("heading", { name: "API keys" }).waitFor();

      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("API key").waitFor();
      const answer = await page.request.get(`${server.url}/api/session`, { headers: { cookie: `${cookie.name}=${cookie.value}` } });
      assert.equal(answer.status(), 401, "the session outlived its end");
    },
  },
  {
    name: "a session ends with its key, and says so",
    run: async (bench) => {
      const { page, api, key, server, workspace } = bench;
      const other = await server.createKey(workspace, "member", "other");
      await signIn({ ...bench, key: other }, "/keys");
      // What the page asks by itself is answered: the next it asks is the click.
      await page.getByRole("group", { name: "Actions on other" }).waitFor();
      const { keys } = await api.call("GET", "/api/keys");
      const { id } = keys.find(({ name }) => name === "other");
      await api.call("DELETE", `/api/keys?id=${id}`);
      await page.getByRole("link", { name: "Webhooks", exact: true }).click();
      await page.getByText("Your session has ended.").waitFor();
      assert.equal(new URL(page.url()).pathname, "/settings/webhooks");
      await page.getByLabel("API key").fill(key);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "No webhook yet" }).waitFor();
    },
  },
  {
    name: "a read-only key sees everything and changes nothing",
    run: async (bench) => {
      const { page, receiver, server, workspace } = bench;
      const readonly = await server.createKey(workspace, "readonly");
      await signIn({ ...bench, key: readonly });
      await page.getByRole("heading", { name: "No webhook yet" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "Add a webhook" }).count(), 0);
      await page.goto(`${server.url}/settings/webhooks/new`);
      await page.getByText("may only read").waitFor();
      assert.ok(await page.getByLabel("URL").isDisabled());
      receiver.answer("/read", { status: 200 });
      const { id } = await webhook(bench, "/read");
      await publish(bench, 1);
      await page.goto(`${server.url}/settings/webhooks/w/${id}/deliveries`);
      await page.getByRole("list", { name: "Deliveries" }).getByRole("link").first().click();
      const panel = page.getByRole("dialog", { name: "credits.low" });
      await panel.getByText("sees all of it but the signatures").waitFor();
      await panel.getByRole("tab", { name: "Headers" }).click();
      const headers = await panel.getByRole("region", { name: "the headers" }).textContent();
      assert.ok(headers.includes("webhook-timestamp") && !headers.includes("-signature"), headers);
      assert.equal(await page.getByRole("button", { name: /Resend/ }).count(), 0);
    },
  },
];
