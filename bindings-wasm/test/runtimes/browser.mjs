// Headless Chromium, and pages under a policy.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { require } from "./support.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const executablePath = process.env.ENCRATA_TEST_CHROMIUM;
export const skip = executablePath ? false : "chromium is not installed";

/** The policy of a careful page, with more sources for scripts. */
export const policy = (more) => `default-src 'none'; script-src 'self'${more}`;

export const launch = () => require("playwright-core").chromium.launch({ executablePath, args: FLAGS });

/** What a script writes to the console first, as the only one of a page under this policy. */
export async function printed(browser, script, policy) {
  const server = createServer(async ({ url }, response) => {
    if (url === "/script.js") {
      response.writeHead(200, { "content-type": "text/javascript" }).end(await readFile(script));
    } else {
      const headers = { "content-type": "text/html", "content-security-policy": policy };
      response.writeHead(200, headers).end('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>');
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const page = await browser.newPage();
  try {
    const message = page.waitForEvent("console", (one) => one.type() === "log");
    const failure = new Promise((_, reject) => page.once("pageerror", reject));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return JSON.parse((await Promise.race([message, failure])).text());
  } finally {
    await page.close();
    server.close();
    server.closeAllConnections();
  }
}
