// The binary, with a database of its own.
import { execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export const binary = join(process.env.ENCRATA_TEST_TARGET, "debug/encrata-webhooks");
// Nothing of the surroundings: neither settings of the server nor proxies.
const env = { RUST_BACKTRACE: "1" };

export class Server {
  static async start(folder, ca) {
    const server = new Server();
    server.database = `sqlite:${join(folder, "server.db")}`;
    const options = ["--database", server.database, "--allow-network", "127.0.0.0/8", "--extra-ca", ca, "--retry-schedule", "1s"];
    server.process = spawn(binary, ["serve", "--listen", "127.0.0.1:0", ...options], { env, stdio: ["ignore", "pipe", "pipe"] });
    server.process.stderr.pipe(createWriteStream(join(folder, "server.log")));
    for await (const line of createInterface({ input: server.process.stdout })) {
      server.url = line.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
      if (server.url) break;
    }
    if (!server.url) throw new Error("the server did not start");
    server.process.stdout.resume();
    return server;
  }

  /** A new key; the workspace is made when it is new. */
  async createKey(workspace, role, name = role) {
    const args = ["keys", "create", "--database", this.database, "--json", "--workspace", workspace, "--name", name, "--role", role];
    const { stdout } = await promisify(execFile)(binary, args, { env });
    return JSON.parse(stdout).key;
  }

  stop() {
    this.process.kill();
  }
}

/** The API by key, for what a test needs beside the page. */
export class Api {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  async call(method, path, body) {
    const headers = { authorization: `Bearer ${this.key}`, "content-type": "application/json" };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
