import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/express";
import express5 from "express";
import express4 from "express4";
import { delivery, notes, rows, secret } from "./rows.mjs";
import { listen, streaming } from "./server.mjs";

for (const [name, express] of [["express 4", express4], ["express 5", express5]]) {
  /** The handler on its route, behind a parser for the whole application if there is one. */
  const behind = (parser) => async (handler, options) => {
    const app = express();
    if (parser) app.use(parser);
    app.post("/webhooks/encrata", webhookHandler(handler, options));
    return listen(app);
  };
  rows(name, behind(), { own: (_event, _request, response) => response.status(202).json({ mine: true }) });
  streaming(name, behind());

  test(`${name}: behind express.json() it is answered with 500, and the fix is told`, async () => {
    const { told, onError } = notes();
    const { send, close } = await behind(express.json())(() => assert.fail("called"), { secret, onError });
    const { status, text } = await send(delivery());
    assert.deepEqual([status, text, told[0][1]], [500, '{"error":"body_not_raw"}', "evt_1"]);
    assert.match(told[0][2].message, /before `app.use\(express.json\(\)\)`/);
    await close();
  });

  test(`${name}: the bytes that a parser keeps are taken`, async () => {
    const verify = (request, _response, bytes) => { request.rawBody = bytes; };
    for (const parser of [express.json({ verify }), express.raw({ type: "*/*" }), express.text({ type: "*/*" })]) {
      const { send, close } = await behind(parser)((event) => assert.equal(event.data.message, "héllo"), { secret });
      assert.equal((await send(delivery())).status, 204);
      await close();
    }
  });

  test(`${name}: a parser that left the body alone does not matter`, async () => {
    const { send, close } = await behind(express.urlencoded({ extended: true }))(() => {}, { secret });
    assert.equal((await send(delivery())).status, 204);
    await close();
  });
}
