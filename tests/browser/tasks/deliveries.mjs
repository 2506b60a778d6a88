import assert from "node:assert/strict";
import { shown } from "../support/browser.mjs";
import { publish, signIn, webhook } from "../support/steps.mjs";

const rows = (page) => page.getByRole("list", { name: "Deliveries" }).getByRole("listitem");

export const deliveries = [
  {
    name: "new deliveries appear by themselves, and change by themselves",
    run: async (bench) => {
      const { page, receiver } = bench;
      const { id } = await webhook(bench, "/live");
      await signIn(bench, `/w/${id}/deliveries`);
      await page.getByText("Nothing was delivered yet").waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      receiver.answer("/live", { status: 500, body: "out of order" });
      await publish(bench, 1);
      const row = rows(page).first();
      await row.getByText("the receiver answered 500, not 2xx").waitFor();
      await row.getByText("Failed").waitFor();
      receiver.answer("/live", { status: 200 });
      await publish(bench, 2);
      await rows(page).nth(2).waitFor();
      await rows(page).first().getByText("Delivered").waitFor();
      await shown(page, "deliveries");
    },
  },
  {
    name: "a delivery shows its attempts, its request, why it failed and what to do; it is sent again",
    run: async (bench) => {
      const { page, receiver } = bench;
      const { id } = await webhook(bench, "/detail");
      receiver.answer("/detail", { status: 302, headers: { location: "/elsewhere" } });
      await publish(bench, 1);
      await signIn(bench, `/w/${id}/deliveries`);
      await rows(page).first().getByText("Failed").waitFor();
      await rows(page).first().getByRole("link").press("Enter");
      const panel = page.getByRole("dialog", { name: "credits.low" });
      await panel.getByText("A slash too many or too few at the end of the path, or another host name, is the usual cause: see where it leads with curl -I.").waitFor();
      await panel.getByText("#2").waitFor();
      await panel.getByRole("tab", { name: "Body", exact: true }).press("ArrowRight");
      await panel.getByRole("region", { name: "the headers" }).getByText("x-encrata-signature").waitFor();
      await shown(page, "delivery");
      receiver.answer("/detail", { status: 200, body: "better now" });
      await panel.getByRole("button", { name: "Resend" }).click();
      await panel.getByText("Delivered").waitFor();
      await panel.getByText("better now").waitFor();
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });
      await rows(page).first().getByText("Delivered").waitFor();
      assert.ok(new URL(page.url()).pathname.endsWith("/deliveries"));
    },
  },
  {
    name: "the list is narrowed by status, event and time, and the address keeps it; all that failed is sent again",
    run: async (bench) => {
      const { page, publisher, receiver } = bench;
      const { id } = await webhook(bench, "/filtered");
      await publish(bench, 2);
      await publisher.call("POST", "/api/events", { event: "credits.exhausted", data: { credits_remaining: 0 } });
      await signIn(bench, `/w/${id}/deliveries`);
      await rows(page).nth(2).getByText("Delivered").waitFor();
      receiver.answer("/filtered", { status: 404 });
      await publish(bench, 2);
      await rows(page).nth(4).waitFor();
      await page.getByLabel("Status").selectOption("failed");
      // The two stood at the top before as well.
      await rows(page).nth(2).waitFor({ state: "detached" });
      await rows(page).nth(1).getByText("Failed").waitFor();
      assert.equal(await rows(page).count(), 2);
      await page.getByLabel("Event").selectOption("credits.exhausted");
      await page.getByText("Nothing matches").waitFor();
      await page.getByLabel("Status").selectOption("");
      await rows(page).first().waitFor();
      await page.reload();
      await rows(page).first().waitFor();
      assert.equal(await rows(page).count(), 1);
      await page.getByLabel("Event").selectOption("");
      await page.getByLabel("Time").selectOption("custom");
      await page.getByLabel("From").fill("2020-01-01T00:00");
      await page.getByLabel("To", { exact: true }).fill("2020-01-02T00:00");
      await page.getByText("Nothing matches").waitFor();
      await page.getByRole("link", { name: "Show all" }).click();
      await rows(page).nth(4).waitFor();

      receiver.answer("/filtered", { status: 200 });
      await page.getByRole("button", { name: "Resend…" }).click();
      await page.getByLabel("Of which time").selectOption("hour");
      await shown(page, "resend");
      await page.getByRole("button", { name: "Send again" }).click();
      await page.getByText("2 deliveries are on the way again.").waitFor();
      await page.waitForFunction(() => [...document.querySelectorAll(".deliveries .badge")].every(({ textContent }) => textContent === "Delivered"));
    },
  },
];
