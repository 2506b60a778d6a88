// Every task of an admin, in one browser, against one server.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, screenshots } from "./support/browser.mjs";
import { Receiver } from "./support/receiver.mjs";
import { Api, Server } from "./support/server.mjs";
import { tasks } from "./tasks/index.mjs";

const folder = mkdtempSync(join(tmpdir(), "encrata-browser-"));
const world = {};

before(async () => {
  world.receiver = await Receiver.start(folder);
  [world.server, world.browser] = await Promise.all([Server.start(folder, world.receiver.ca), launch()]);
});
after(async () => {
  await world.browser?.close();
  world.server?.stop();
  world.receiver?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let workspaces = 0;

for (const { name, run, options } of tasks) {
  test(name, { timeout: 240_000 }, async () => {
    const page = await open(world.browser, options);
    const workspace = `team-${(workspaces += 1)}`;
    const key = await world.server.createKey(workspace, "admin", "console");
    const publisher = new Api(world.server.url, await world.server.createKey(workspace, "publisher"));
    const bench = { ...world, page, workspace, key, publisher, api: new Api(world.server.url, key) };
    try {
      await run(bench);
      assert.deepEqual(page.complaints, [], "the browser complains");
      // Whatever was made or shown, the browser keeps nothing of it.
      if (page.url().startsWith(world.server.url)) {
        const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
        assert.doesNotMatch(kept, /whsec_|enc_live_|[0-9a-f]{32}/);
      }
    } catch (error) {
      await page.screenshot({ path: join(screenshots, `failed-${workspace}.png`) });
      throw error;
    } finally {
      await page.context().close();
    }
  });
}
