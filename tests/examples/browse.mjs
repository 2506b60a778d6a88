// browse.mjs URL CASES: pastes each case into the page, and prints what it says to each.
import { createRequire } from "node:module";

const { ENCRATA_TEST_RUNTIMES, ENCRATA_TEST_CHROMIUM } = process.env;
const { chromium } = createRequire(`${ENCRATA_TEST_RUNTIMES}/package.json`)("playwright-core");
const DISABLED = ["gpu", "quic", "background-networking", "component-update", "sync"];
const FLAGS = ["--no-sandbox", "--no-first-run", ...DISABLED.map((what) => `--disable-${what}`)];
const [url, cases] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath: ENCRATA_TEST_CHROMIUM, args: FLAGS });
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(String(error)));
const said = [];
for (const { secret, headers, body } of JSON.parse(cases)) {
  await page.goto(url);
  await page.getByLabel("Secret").fill(secret);
  await page.getByLabel("Headers").fill(headers);
  await page.getByLabel("Body").fill(body);
  await page.getByRole("button", { name: "Verify" }).click();
  said.push(await page.locator("output:not(:empty)").textContent());
}
await browser.close();
console.log(JSON.stringify(said));
