// Cloudflare's runtime with the worker of this folder, bundled as its tools do, and bound as its wrangler.json says.
// PORT is its port, ENCRATA_WEBHOOK_SECRET its secret.
import { spawn } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "../../bindings-wasm/node_modules/esbuild/lib/main.js";

const { PORT, ENCRATA_WEBHOOK_SECRET, ENCRATA_TEST_RUNTIMES } = process.env;
const { main, compatibility_date, durable_objects: { bindings }, migrations } = JSON.parse(readFileSync("wrangler.json"));
const classes = migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes);

await build({
  entryPoints: [main],
  outfile: "bundled.js",
  bundle: true,
  format: "esm",
  platform: "neutral",
  conditions: ["workerd", "worker"],
  external: ["cloudflare:*"],
  plugins: [{
    name: "beside",
    setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: "./index.wasm", external: true })),
  }],
  logLevel: "warning",
});
const wasm = createRequire(`${process.cwd()}/`).resolve("@encrata/webhooks/package.json").replace("package.json", "dist/index.wasm");
copyFileSync(wasm, "index.wasm");
writeFileSync("workerd.capnp", `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    compatibilityDate = "${compatibility_date}",
    modules = [(name = "bundled.js", esModule = embed "bundled.js"), (name = "index.wasm", wasm = embed "index.wasm")],
    bindings = [
      (name = "ENCRATA_WEBHOOK_SECRET", text = "${ENCRATA_WEBHOOK_SECRET}"),
      ${bindings.map(({ name, class_name }) => `(name = "${name}", durableObjectNamespace = "${class_name}"),`).join("")}
    ],
    durableObjectNamespaces = [${classes.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`).join()}],
    durableObjectStorage = (inMemory = void),
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${PORT}", http = (), service = "main")],
);
`);
const worker = spawn(`${ENCRATA_TEST_RUNTIMES}/node_modules/.bin/workerd`, ["serve", "workerd.capnp"], { stdio: "inherit" });
process.on("SIGTERM", () => worker.kill());
worker.on("exit", (code) => process.exit(code ?? 0));
