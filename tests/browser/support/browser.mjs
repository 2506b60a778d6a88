// Chromium, and pages that fail a test for whatever a browser complains of.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const screenshots = join(process.env.ENCRATA_TEST_TARGET, "screenshots");
mkdirSync(screenshots, { recursive: true });

export const launch = () => chromium.launch({ executablePath: process.env.ENCRATA_TEST_CHROMIUM, args: FLAGS });

/** A browser's window of its own, and what it complained of. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const complaints = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`the policy was violated: ${violatedDirective} ${blockedURI}`);
    });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // What a browser says by itself of an answer that is not 2xx is no complaint of the page's.
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded");
    if (["error", "warning"].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  page.complaints = complaints;
  return page;
}

/** No rule of accessibility is broken on the page as it is, in this theme. */
export async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join("\n    ")}`);
  assert.deepEqual(found, [], `${where}: axe-core finds violations`);
}

/** What can't be read: code that a button lies on, and choices that are cut off. */
function hidden() {
  const covered = [...document.querySelectorAll(".code")].filter((block) => {
    const button = block.querySelector(".copy")?.getBoundingClientRect();
    if (!button) return false;
    const lines = document.createRange();
    lines.selectNodeContents(block.querySelector("code"));
    return [...lines.getClientRects()].some(({ top, bottom, right }) => right > button.left && top < button.bottom && bottom > button.top);
  });
  const cut = [...document.querySelectorAll(".segments")].filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
  return [...covered, ...cut].map(({ textContent }) => textContent.slice(0, 80));
}

/** The page in light, dark, and on a phone: accessible in each, nothing wider than the window, covered or cut, and kept as a picture. */
export async function shown(page, name) {
  const { width, height } = page.viewportSize();
  const looks = [
    { look: "light", colorScheme: "light", size: { width, height } },
    { look: "dark", colorScheme: "dark", size: { width, height } },
    { look: "phone", colorScheme: "light", size: { width: 390, height: 844 } },
  ];
  for (const { look, colorScheme, size } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await accessible(page, `${name}, ${look}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name}, ${look}: ${overflow} px wider than the window`);
    assert.deepEqual(await page.evaluate(hidden), [], `${name}, ${look}: can't be read`);
    await page.screenshot({ path: join(screenshots, `${name}-${look}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width, height });
}
