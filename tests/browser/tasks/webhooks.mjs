import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { shown } from "../support/browser.mjs";
import { ALL, publish, signIn, webhook } from "../support/steps.mjs";

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
  {
    name: "the list shows at a glance what each webhook does",
    run: async (bench) => {
      const { page, api, receiver } = bench;
      await signIn(bench);
      const good = await webhook(bench, "/good", ALL, "the warehouse");
      receiver.answer("/gone", { status: 410 });
      const gone = await webhook(bench, "/gone", ["credits.low"]);
      await webhook(bench, "/idle", ["lookup.completed"]);
      const paused = await webhook(bench, "/paused", ["credits.low"]);
      await api.call("PUT", "/api/webhooks", { id: paused.id, url: paused.url, is_active: false });
      await publish(bench, 3);
      const item = (path) => page.getByRole("listitem").filter({ hasText: path });
      await item("/good").getByText("100 %").waitFor({ timeout: 40_000 });
      await item("/good").getByText("Delivered").waitFor();
      await item("/good").getByRole("img", { name: /^Last 24 hours: 3 deliveries arrived, 0 failed/ }).waitFor();
      await item("/gone").getByText("Switched off", { exact: true }).waitFor();
      await item("/gone").getByText("410").first().waitFor();
      await item("/idle").getByText("no deliveries").waitFor();
      await item("/paused").getByText("Paused", { exact: true }).waitFor();
      await shown(page, "webhooks");
      await page.goto(`${bench.server.url}/settings/webhooks/w/${gone.id}`);
      receiver.answer("/gone", { status: 200 });
      await page.getByRole("button", { name: "Switch on again" }).click();
      await page.getByText("The webhook is active again.").waitFor();
      assert.equal((await api.call("GET", `/api/webhooks?id=${gone.id}`)).is_active, true);

      await publish(bench, 1);
      await page.goto(`${bench.server.url}/settings/webhooks`);
      const lately = page.getByRole("region", { name: "Lately" }).getByRole("listitem").filter({ hasText: "/gone" });
      await lately.filter({ hasText: "was switched off: it answered 410 Gone" }).waitFor();
      await lately.filter({ hasText: "works again" }).waitFor({ timeout: 40_000 });
      await shown(page, "notices");
      assert.ok(good.id);
    },
  },
  {
    name: "a webhook is edited, paused, resumed, and deleted after a question",
    run: async (bench) => {
      const { page, api, receiver } = bench;
      const { id } = await webhook(bench, "/before");
      await signIn(bench, `/w/${id}/settings`);
      await page.getByLabel("URL").fill(receiver.url("/after"));
      await page.getByLabel("monitor.run.completed").uncheck();
      await page.getByLabel("At most so many deliveries a second").fill("20");
      await shown(page, "settings");
      await page.getByRole("button", { name: "Save changes" }).click();
      await page.getByText("The changes are saved.").waitFor();
      const changed = await api.call("GET", `/api/webhooks?id=${id}`);
      assert.deepEqual([changed.url, changed.events.length, changed.rate_limit], [receiver.url("/after"), 5, 20]);

      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText("The webhook is paused.").waitFor();
      assert.equal((await api.call("GET", `/api/webhooks?id=${id}`)).is_active, false);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("The webhook is active again.").waitFor();

      const remove = page.getByRole("button", { name: "Delete…" });
      await remove.click();
      await page.getByRole("dialog", { name: "Delete this webhook?" }).waitFor();
      await shown(page, "delete");
      await page.keyboard.press("Escape");
      assert.ok(await remove.evaluate((button) => button === document.activeElement), "the focus came back");
      await remove.click();
      await page.getByRole("button", { name: "Delete the webhook" }).click();
      await page.getByRole("heading", { name: "No webhook yet" }).waitFor();
      assert.deepEqual(await api.call("GET", "/api/webhooks"), []);
    },
  },
  {
    name: "times are told in the reader's zone, and exactly on hover",
    options: { timezoneId: "Asia/Kolkata", locale: "en-GB" },
    run: async (bench) => {
      const { page } = bench;
      const { id, created_at } = await webhook(bench, "/timed");
      await signIn(bench, `/w/${id}`);
      const there = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: "Asia/Kolkata" }).format(new Date(created_at));
      const time = page.locator(`time[datetime="${created_at}"]`).first();
      assert.equal(await time.textContent(), there);
      assert.equal(await time.getAttribute("title"), `${there} (${created_at})`);
    },
  },
  {
    name: "a secret is rotated with an overlap, and the new one is said to be deployed",
    run: async (bench) => {
      const { page } = bench;
      const { id, secret } = await webhook(bench, "/rotated");
      await signIn(bench, `/w/${id}/settings`);
      await page.getByRole("button", { name: "Rotate…" }).click();
      await page.getByLabel("7 days").check();
      await page.getByRole("button", { name: "Make a new secret" }).click();
      const dialog = page.getByRole("dialog", { name: "The new secret" });
      const shownSecret = (await dialog.getByText(/whsec_/).first().textContent()).match(/whsec_[0-9a-f]{64}/)[0];
      assert.notEqual(shownSecret, secret);
      await shown(page, "rotated");
      await dialog.getByRole("button", { name: "I have kept it" }).click();
      await page.reload();
      await page.getByText("Two secrets are in force.").waitFor();
      await page.getByRole("button", { name: "I have deployed it" }).click();
      await page.getByText("The new secret alone is in force.").waitFor();
      await page.getByText("Two secrets are in force.").waitFor({ state: "detached" });
    },
  },
  {
    name: "a test is sent: the very request and the answer are shown, and what to do when it failed",
    run: async (bench) => {
      const { page, receiver } = bench;
      const { id, secret } = await webhook(bench, "/tested");
      receiver.answer("/tested", { status: 401, body: "wrong signature" });
      await signIn(bench, `/w/${id}/test`);
      await page.getByLabel("Event").selectOption("lookup.completed");
      await page.getByRole("button", { name: "Send the test" }).click();
      await page.getByText("answered 401").first().waitFor();
      await page.getByText("wrong signature").waitFor();
      await page.getByText("The receiver refused the signature").waitFor();
      receiver.answer("/tested", { body: "thanks" });
      await page.getByRole("button", { name: "Send the test" }).click();
      const result = page.getByRole("region", { name: "What came of it" });
      await result.getByText("Delivered", { exact: true }).waitFor();
      await result.getByRole("tab", { name: "Headers" }).click();
      const headers = await result.getByRole("region", { name: "the headers" }).textContent();
      await result.getByRole("tab", { name: "Raw body" }).click();
      const body = await result.getByRole("region", { name: "the body as it is sent and signed" }).textContent();
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      assert.match(headers.toLowerCase(), new RegExp(`x-encrata-signature: ${signature}`));
      assert.equal(JSON.parse(body).data.test, true);
      await shown(page, "test");
    },
  },
];
