// What the page weighs, when its first view can be used, and how a long list scrolls. The weight decides; times are told.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publish, signIn, webhook } from "../support/steps.mjs";

const LIMIT = 150 * 1024;
const MANY = 10_000;
const BATCH = 1000;
// A fast 3G line, as WebPageTest and Lighthouse have it: 150 ms there and back, 1.6 Mbit/s down, 0.75 up.
const FAST_3G = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 };
const report = {};

function keep(figures) {
  Object.assign(report, figures);
  const folder = join(process.env.ENCRATA_TEST_TARGET, "bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dashboard.json"), `${JSON.stringify(report, null, 2)}\n`);
  console.log(JSON.stringify(figures));
}

/** The best of three first views: what is left is the page's own, not what else the machine does. */
async function best(page, url, usable) {
  const all = [];
  for (let n = 0; n < 3; n += 1) all.push(await firstView(page, url, usable));
  return Math.min(...all);
}

/** Milliseconds until there is something to use, without a cache, on a slow line. */
async function firstView(page, url, usable) {
  const line = await page.context().newCDPSession(page);
  await line.send("Network.setCacheDisabled", { cacheDisabled: true });
  await line.send("Network.emulateNetworkConditions", FAST_3G);
  const started = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await usable.waitFor();
  const ms = Math.round(performance.now() - started);
  await line.send("Network.emulateNetworkConditions", { ...FAST_3G, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await line.detach();
  return ms;
}

export const speed = [
  {
    name: "the page weighs at most 150 KiB without the WebAssembly, and comes compressed",
    run: async ({ page, server }) => {
      const folder = new URL("../../../server/dashboard/dist/", import.meta.url);
      const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".br"));
      const weight = files.filter((name) => !name.includes("diagnose")).reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
      assert.ok(files.length >= 4 && weight > 10_000, "nothing was weighed");
      assert.ok(weight <= LIMIT, `${weight} bytes`);
      const html = readFileSync(new URL("index.html", folder), "utf8");
      const script = html.match(/src="([^"]+\.js)"/)[1];
      const answer = await page.request.get(server.url + script, { headers: { "accept-encoding": "br" } });
      assert.equal(answer.headers()["content-encoding"], "br");
      keep({ weight_brotli_bytes: weight });
    },
  },
  {
    name: "the first view on a fast 3G line does not jump",
    run: async (bench) => {
      const { page, server } = bench;
      await webhook(bench, "/first");
      const url = `${server.url}/settings/webhooks`;
      // The browser is up and knows the host: that is not the page's time.
      await page.goto(`${server.url}/api/health`);
      const signInMs = await best(page, url, page.getByLabel("API key"));
      await signIn(bench);
      const listMs = await best(page, url, page.getByRole("link", { name: "/first" }));
      const shift = await page.evaluate(
        () => new Promise((done) => {
          new PerformanceObserver((list) => done(list.getEntries().reduce((sum, { value }) => sum + value, 0))).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(0), 500);
        }),
      );
      assert.ok(shift < 0.1, `the layout jumps: ${shift}`);
      keep({ first_view_sign_in_ms: signInMs, first_view_list_ms: listMs, layout_shift: shift });
    },
  },
  {
    name: "a list of 10,000 deliveries stays smooth",
    run: async (bench) => {
      const { page, receiver } = bench;
      receiver.answer("/many", { status: 503, headers: { "retry-after": "86400" } });
      const { id } = await webhook(bench, "/many", ["credits.low"]);
      for (let sent = 0; sent < MANY; sent += BATCH) await publish(bench, BATCH);
      await signIn(bench, `/w/${id}/deliveries`);
      await page.getByRole("list", { name: "Deliveries" }).waitFor();
      const measured = await page.evaluate(async (many) => {
        const tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
        const frame = () => new Promise(requestAnimationFrame);
        const last = () => Number([...document.querySelectorAll(".deliveries a")].at(-1)?.dataset.index ?? 0);
        const frames = [];
        const until = performance.now() + 180_000;
        while (last() < many - 1 && performance.now() < until) {
          const started = performance.now();
          scrollTo(0, document.documentElement.scrollHeight);
          await frame();
          frames.push(performance.now() - started);
        }
        const rows = document.querySelectorAll(".deliveries a").length;
        frames.sort((a, b) => a - b);
        return { last: last(), rows, longest_task_ms: Math.round(Math.max(0, ...tasks)), long_tasks: tasks.length, frame_p95_ms: Math.round(frames[Math.floor(frames.length * 0.95)]) };
      }, MANY);
      assert.equal(measured.last, MANY - 1, "all were scrolled through");
      assert.ok(measured.rows < 100, `${measured.rows} rows exist at once`);
      keep({ deliveries: MANY, rows_at_once: measured.rows, long_tasks: measured.long_tasks, longest_task_ms: measured.longest_task_ms, frame_p95_ms: measured.frame_p95_ms });
    },
  },
];
