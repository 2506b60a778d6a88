// Cloudflare's runtime, with bundles as its tools make them: WebAssembly is a module of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { bin, bundle, project, work } from "./support.mjs";

const SERVICES = {
  plain: { code: "worker.js", flags: [] },
  node: { code: "worker.js", flags: ["nodejs_compat"] },
  inlined: { code: "refused.js", flags: [] },
};

const service = (name, { code, flags }) => `
  (name = "${name}", worker = (
    compatibilityDate = "2026-01-01",
    compatibilityFlags = ${JSON.stringify(flags)},
    modules = [
      (name = "${code}", esModule = embed "${code}"),
      (name = "index.wasm", wasm = embed "index.wasm"),
      (name = "diagnose.wasm", wasm = embed "diagnose.wasm"),
    ],
  )),`;
const socket = (name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}"),`;

const ports = {};
let server;

before(async () => {
  await bundle("portable/worker.mjs", ["workerd", "worker"], "worker.js");
  await bundle("portable/worker-refused.mjs", [], "refused.js");
  for (const name of ["index.wasm", "diagnose.wasm"]) {
    await copyFile(join(project, "node_modules/@encrata/webhooks/dist", name), join(work, name));
  }
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${Object.entries(SERVICES).map(([name, of]) => service(name, of)).join("")}],
  sockets = [${Object.keys(SERVICES).map(socket).join("")}],
);\n`;
  await writeFile(join(work, "workerd.capnp"), config);
  server = spawn(bin("workerd"), ["serve", "--control-fd=3", join(work, "workerd.capnp")], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  // It tells a port as soon as it listens there.
  for await (const line of createInterface(server.stdio[3])) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports[socket] = port;
    if (Object.keys(ports).length === Object.keys(SERVICES).length) break;
  }
});

after(async () => {
  if (server?.exitCode !== null) return;
  server.kill();
  await once(server, "exit");
});

const ask = async (name) => (await fetch(`http://127.0.0.1:${ports[name]}/`)).json();

test("workerd: every vector and trap", async () => assert.deepEqual(await ask("plain"), []));
test("workerd with Node's modules: every vector and trap", async () => assert.deepEqual(await ask("node"), []));

test("workerd compiles no bytes: what is built for others says so at construction", async () => {
  const said = await ask("inlined");
  assert.deepEqual(said.map(([code]) => code), Array(3).fill("wasm_unavailable"));
});
