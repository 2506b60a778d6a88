import assert from "node:assert/strict";
import { shown } from "../support/browser.mjs";
import { signIn } from "../support/steps.mjs";

export const keys = [
  {
    name: "a key is created and shown once, renamed, disabled, revoked and deleted",
    run: async (bench) => {
      const { page, server } = bench;
      await signIn(bench, "/keys");
      await page.getByRole("button", { name: "Create a key" }).click();
      await page.getByLabel("Name", { exact: true }).fill("CI");
      await page.getByLabel("Role").selectOption("readonly");
      await page.getByRole("button", { name: "Create the key" }).click();
      const made = page.getByRole("dialog", { name: "The key “CI”" });
      const key = (await made.getByText(/^enc_live_/).textContent()).trim();
      const opens = async () => (await fetch(`${server.url}/api/me`, { headers: { authorization: `Bearer ${key}` } })).status;
      assert.equal(await opens(), 200);
      await shown(page, "key-made");
      await made.getByRole("button", { name: "I have kept it" }).click();
      assert.equal(await page.getByText(key).count(), 0);

      await page.getByRole("group", { name: "Actions on CI" }).getByRole("button", { name: "Rename" }).click();
      await page.getByLabel("Name", { exact: true }).fill("build robot");
      await page.keyboard.press("Enter");
      const row = page.getByRole("listitem").filter({ hasText: "build robot" });
      await row.getByRole("button", { name: "Disable" }).click();
      await row.getByText("Disabled").waitFor();
      assert.equal(await opens(), 401);
      await row.getByRole("button", { name: "Enable" }).click();
      await row.getByText("Active").waitFor();
      assert.equal(await opens(), 200);
      await shown(page, "keys");
      await row.getByRole("button", { name: "Revoke…" }).click();
      await page.getByRole("button", { name: "Revoke the key" }).click();
      await row.getByText("Revoked").waitFor();
      assert.equal(await opens(), 401);
      await row.getByRole("button", { name: "Delete…" }).click();
      await page.getByRole("button", { name: "Delete the key" }).click();
      await row.waitFor({ state: "detached" });
    },
  },
  {
    name: "a member changes members' keys and no admin's, and nobody a publisher's",
    run: async (bench) => {
      const { page, server, workspace } = bench;
      const member = await server.createKey(workspace, "member", "mine");
      await signIn({ ...bench, key: member }, "/keys");
      await page.getByRole("group", { name: "Actions on mine" }).waitFor();
      const changeable = async () => {
        const rows = await page.getByRole("listitem").filter({ hasText: "enc_live_" }).all();
        const told = rows.map(async (row) => [/· (\w+) ·/.exec(await row.textContent())[1], await row.getByRole("button").count() > 0]);
        return Object.fromEntries(await Promise.all(told));
      };
      assert.deepEqual(await changeable(), { admin: false, publisher: false, member: true });
      await page.getByRole("button", { name: "Sign out" }).click();
      await signIn(bench, "/keys");
      await page.getByRole("group", { name: "Actions on mine" }).waitFor();
      assert.deepEqual(await changeable(), { admin: true, publisher: false, member: true });
    },
  },
];
