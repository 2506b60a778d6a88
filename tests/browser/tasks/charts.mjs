import { shown } from "../support/browser.mjs";
import { publish, signIn, webhook } from "../support/steps.mjs";

/** Waits until so many pixels of a chart are drawn in a colour of the theme. */
async function painted(page, chart, colour, enough) {
  await page.waitForFunction(([chart, colour, enough]) => {
    const canvas = document.querySelectorAll(".chart canvas")[chart];
    if (!canvas) return false;
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(--${colour})`;
    const [red, green, blue] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) found += 1;
    }
    return found > enough;
  }, [chart, colour, enough]);
}

export const charts = [
  {
    name: "charts draw deliveries by outcome and answer times, of one webhook and of all",
    run: async (bench) => {
      const { page, receiver } = bench;
      const { id } = await webhook(bench, "/drawn");
      await webhook(bench, "/drawn-too");
      await publish(bench, 5);
      await signIn(bench, `/w/${id}`);
      await page.getByText("Delivered 5").waitFor({ timeout: 60_000 });
      await page.getByRole("button", { name: "Last hour" }).click();
      await page.getByRole("heading", { name: "Attempts per minute" }).waitFor();
      await page.locator(".chart canvas").nth(1).waitFor();
      await painted(page, 0, "good", 20);
      await painted(page, 1, "p50", 3);
      await page.getByText("The figures as a table").click();
      await page.getByRole("cell", { name: "5", exact: true }).first().waitFor();
      await page.getByText("100 %").first().waitFor();
      await shown(page, "webhook");
      receiver.answer("/drawn", { status: 500 });
      await publish(bench, 1);
      await page.getByRole("link", { name: "Activity" }).click();
      await page.getByText("Delivered 11").waitFor({ timeout: 60_000 });
      await page.getByText("Failed 1").waitFor({ timeout: 60_000 });
      await page.getByRole("button", { name: "Last hour" }).click();
      await page.waitForFunction(() => document.querySelectorAll(".chart canvas").length === 2);
      await shown(page, "activity");
    },
  },
];
