// An HTTPS receiver of 127.0.0.1. Each path answers as it is told, 200 by default.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

/** Makes a certificate of its own authority for 127.0.0.1; the path of what is to be trusted. */
function certify(folder) {
  const ca = join(folder, "ca.pem");
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1".split(" "),
    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", join(folder, "key.pem"), "-out", ca,
  ], { stdio: "pipe" });
  return ca;
}

export class Receiver {
  #answers = new Map();

  static async start(folder) {
    const receiver = new Receiver();
    receiver.ca = certify(folder);
    const tls = { cert: readFileSync(receiver.ca), key: readFileSync(join(folder, "key.pem")) };
    receiver.server = createServer(tls, async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { status = 200, body = "thanks", headers = {} } = receiver.#answers.get(request.url) ?? {};
      response.writeHead(status, headers).end(body);
    }).listen(0, "127.0.0.1");
    await once(receiver.server, "listening");
    return receiver;
  }

  url(path) {
    return `https://127.0.0.1:${this.server.address().port}${path}`;
  }

  /** From now on `path` is answered so. */
  answer(path, answer) {
    this.#answers.set(path, answer);
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
