import assert from "node:assert/strict";
import { shown } from "../support/browser.mjs";
import { publish, signIn, webhook } from "../support/steps.mjs";

export const diagnose = [
  {
    name: "the page finds out in words why a signature fails, and the secret never leaves it",
    run: async (bench) => {
      const { page, receiver } = bench;
      receiver.answer("/diagnosed", { status: 401 });
      const sent = [];
      const { id, secret } = await webhook(bench, "/diagnosed");
      await publish(bench, 1);
      await signIn(bench, `/w/${id}/deliveries`);
      await page.getByRole("list", { name: "Deliveries" }).getByRole("link").first().click();
      await page.getByRole("link", { name: "Why did my signature fail?" }).click();
      const body = page.getByLabel("Body");
      await page.waitForFunction(() => document.querySelector("textarea").value !== "");
      page.on("request", (request) => sent.push(request.url() + (request.postData() ?? "")));
      for (const [given, said] of [
        [`${secret}\n`, /white space/i],
        [`"${secret}"`, /quot/i],
        [`whsec_${"0".repeat(64)}`, /another|other/i],
        [secret, /verif|match/i],
      ]) {
        await page.getByLabel("Secret").fill(given);
        await page.getByRole("button", { name: "Find out" }).click();
        await page.locator(".notice").getByText(said).first().waitFor();
      }
      const raw = await body.inputValue();
      await body.fill(JSON.stringify(JSON.parse(raw), null, 2));
      await page.getByRole("button", { name: "Find out" }).click();
      await page.getByText("This is proven").waitFor();
      await shown(page, "diagnose");
      assert.equal(sent.filter((text) => text.includes(secret.slice(6))).length, 0, "the secret was sent");
      assert.ok(sent.some((url) => url.includes("/assets/")), "the module is loaded when it is needed");
    },
  },
];
