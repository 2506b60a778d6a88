// worker.mjs PORT SECRET: bundles the worker of this folder as Cloudflare's tools do, and writes what its runtime is told,
// as wrangler.json has it.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "../../bindings-wasm/node_modules/esbuild/lib/main.js";

const [port, secret] = process.argv.slice(2);
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
const manifest = createRequire(`${process.cwd()}/`).resolve("@encrata/webhooks/package.json");
copyFileSync(join(dirname(manifest), "dist/index.wasm"), "index.wasm");
const namespaces = classes.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`);
writeFileSync("workerd.capnp", `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    compatibilityDate = "${compatibility_date}",
    modules = [(name = "bundled.js", esModule = embed "bundled.js"), (name = "index.wasm", wasm = embed "index.wasm")],
    bindings = [
      (name = "ENCRATA_WEBHOOK_SECRET", text = "${secret}"),
      ${bindings.map(({ name, class_name }) => `(name = "${name}", durableObjectNamespace = "${class_name}"),`).join("")}
    ],
    durableObjectNamespaces = [${namespaces.join()}],
    durableObjectStorage = (inMemory = void),
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`);
