// What is asked of a body that is a web stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { delivery, notes, secret } from "./rows.mjs";

/** @param {(handler, options) => (request: Request) => Promise<Response>} mount */
export function limits(name, mount) {
  test(`${name}: a body without an end is refused at the limit, and cancelled`, async () => {
    const { told, onError } = notes();
    let pulled = 0;
    let cancelled;
    const isCancelled = new Promise((resolve) => (cancelled = resolve));
    const body = new ReadableStream({ pull: (stream) => { pulled++; stream.enqueue(new Uint8Array(64 * 1024)); }, cancel: cancelled });
    const { headers } = delivery();
    const request = new Request("http://localhost/", { method: "POST", headers, body, duplex: "half" });
    const response = await mount(() => assert.fail("called"), { secret, onError })(request);
    assert.deepEqual([response.status, await response.json()], [413, { error: "body_too_large" }]);
    await isCancelled;
    assert.ok(pulled < 20, `${pulled} pieces were read`);
    assert.deepEqual(told.map(([code, id]) => [code, id]), [["body_too_large", "evt_1"]]);
  });

  test(`${name}: what is announced over the limit is not read at all`, async () => {
    let pulled = 0;
    const body = new ReadableStream({ pull: (stream) => { pulled++; stream.enqueue(new Uint8Array(1)); } }, { highWaterMark: 0 });
    const headers = { ...delivery().headers, "content-length": "9999999" };
    const request = new Request("http://localhost/", { method: "POST", headers, body, duplex: "half" });
    const response = await mount(() => assert.fail("called"), { secret })(request);
    assert.deepEqual([response.status, pulled], [413, 0]);
  });

  test(`${name}: a body that breaks off is answered with 400`, async () => {
    const { told, onError } = notes();
    const body = new ReadableStream({ pull: (stream) => stream.error(new Error("gone")) });
    const request = new Request("http://localhost/", { method: "POST", headers: delivery().headers, body, duplex: "half" });
    const response = await mount(() => assert.fail("called"), { secret, onError })(request);
    assert.deepEqual([response.status, told[0][0], told[0][2].message], [400, "body_incomplete", "gone"]);
  });
}
