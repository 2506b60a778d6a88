import assert from "node:assert/strict";
import { shown } from "../support/browser.mjs";
import { signIn } from "../support/steps.mjs";

export const webhooks = [
  {
    name: "the empty state leads to the first webhook; its URL is checked while it is typed; its secret is shown once",
    run: async (bench) => {
      const { page, receiver, api } = bench;
      await signIn(bench);
      await page.getByRole("heading", { name: "No webhook yet" }).waitFor();
      await shown(page, "empty");
      await page.getByRole("link", { name: "Add a webhook" }).click();
      const url = page.getByLabel("URL");
      await url.fill("http://example.com/");
      await page.getByText(/https/, { exact: false }).nth(1).waitFor();
      await url.fill("https://10.0.0.1/hook");
      await page.getByText("is not on the public internet").waitFor();
      await shown(page, "create");
      await url.fill(receiver.url("/made"));
      await page.getByText("Events can be sent there.").waitFor();
      await page.getByRole("button", { name: "Choose all" }).click();
      await page.getByLabel("credits.low").uncheck();
      await page.getByLabel("Description").fill("for the warehouse");
      await page.getByRole("button", { name: "Add the webhook" }).click();

      await page.getByRole("heading", { name: "The webhook is made" }).waitFor();
      await page.getByRole("button", { name: /^Copy the signing secret/ }).click();
      const secret = await page.evaluate(() => navigator.clipboard.readText());
      assert.match(secret, /^ENCRATA_WEBHOOK_SECRET=whsec_[0-9a-f]{64}$/);
      for (const [language, sign] of [["Python", "from encrata_webhooks"], ["Go", "X-Encrata-Signature"], ["Rust", "use encrata_webhooks"], ["Node", "@encrata/webhooks"]]) {
        await page.getByRole("tab", { name: language }).click();
        await page.getByRole("tabpanel").getByText(sign).first().waitFor();
      }
      await shown(page, "secret");
      await page.getByRole("link", { name: "To the webhook" }).click();
      await page.getByRole("heading", { name: "127.0.0.1" }).waitFor();
      assert.equal(await page.getByText(secret.slice(-64)).count(), 0);
      const [made] = await api.call("GET", "/api/webhooks");
      assert.equal(made.description, "for the warehouse");
      assert.ok(!made.events.includes("credits.low") && made.events.length === 5);
    },
  },
];
