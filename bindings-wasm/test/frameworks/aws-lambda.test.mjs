// The shapes of the events are those of AWS's documentation, cut down to what tells them apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookHandler } from "@encrata/webhooks/aws-lambda";
import { delivery, notes, rows, secret } from "./rows.mjs";

const lists = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
const titled = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace(/\b[a-z]/g, (one) => one.toUpperCase()), value]));
/** As text, or where that can't be, or `always`, in base64. */
const carried = (body, always = false) => {
  const bytes = Buffer.from(body);
  const isBase64Encoded = always || !bytes.equals(Buffer.from(bytes.toString()));
  return { body: bytes.length === 0 ? null : bytes.toString(isBase64Encoded ? "base64" : "utf8"), isBase64Encoded };
};

const SHAPES = {
  "API Gateway REST": ({ headers, body }) => ({
    resource: "/hook", path: "/hook", httpMethod: "POST", headers: titled(headers), multiValueHeaders: lists(titled(headers)),
    queryStringParameters: null, requestContext: { stage: "prod", identity: {} }, ...carried(body),
  }),
  "API Gateway HTTP": ({ headers, body }) => ({
    version: "2.0", routeKey: "POST /hook", rawPath: "/hook", rawQueryString: "", headers,
    requestContext: { http: { method: "POST", path: "/hook" }, stage: "$default" }, ...carried(body),
  }),
  "function URL": ({ headers, body }) => ({
    version: "2.0", routeKey: "$default", rawPath: "/", headers, requestContext: { domainName: "x.lambda-url.eu-west-1.on.aws" }, ...carried(body, true),
  }),
  "load balancer": ({ headers, body }) => ({
    requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:x" } }, httpMethod: "POST", path: "/hook", headers, ...carried(body),
    ...(carried(body).body === null ? { body: "" } : {}),
  }),
  "load balancer with multi-value headers": ({ headers, body }) => ({
    requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:x" } }, httpMethod: "POST", path: "/hook", multiValueHeaders: lists(headers),
    ...carried(body, true),
  }),
};

for (const [name, shape] of Object.entries(SHAPES)) {
  rows(name, async (handler, options) => {
    // The table's secrets look for a header by its name in lower case.
    const secretOf = typeof options?.secret === "function" ? options.secret : undefined;
    const lower = ({ headers, multiValueHeaders }) => ({
      headers: Object.fromEntries(Object.entries(headers ?? multiValueHeaders).map(([key, value]) => [key.toLowerCase(), String(value)])),
    });
    const handle = webhookHandler(handler, secretOf ? { ...options, secret: (request) => secretOf(lower(request)) } : options);
    return {
      async send(one) {
        const answer = await handle(shape(one), { awsRequestId: "1" });
        const isMulti = name.endsWith("multi-value headers");
        if (answer.body && answer.statusCode !== 202) {
          const type = isMulti ? answer.multiValueHeaders["content-type"][0] : answer.headers["content-type"];
          assert.equal(type, "application/json");
        }
        return { status: answer.statusCode, text: answer.body ?? "" };
      },
    };
  }, { own: () => ({ statusCode: 202, body: '{"mine":true}' }) });
}

test("Lambda: a signature header that came twice is told apart", async () => {
  const { headers, body } = delivery({ change: { "webhook-signature": undefined, "webhook-id": undefined, "webhook-timestamp": undefined } });
  const request = SHAPES["API Gateway REST"]({ headers, body });
  request.multiValueHeaders["X-Encrata-Signature"].push(headers["x-encrata-signature"]);
  const answer = await webhookHandler(() => {}, { secret, tolerance: null })(request, {});
  assert.deepEqual([answer.statusCode, answer.body], [401, '{"error":"multiple_signatures"}']);
});

test("Lambda: a body that was parsed on the way is answered with 500, and the fix is told", async () => {
  const { told, onError } = notes();
  const { headers, body } = delivery();
  const answer = await webhookHandler(() => assert.fail("called"), { secret, onError })({ headers, body: JSON.parse(body) }, {});
  assert.deepEqual([answer.statusCode, answer.body], [500, '{"error":"body_not_raw"}']);
  assert.match(told[0][2].message, /proxy integration/);
});

test("Lambda: its event and context go to the handler", async () => {
  const seen = [];
  const request = SHAPES["function URL"](delivery());
  await webhookHandler((event, ...rest) => void seen.push(event.id, ...rest), { secret })(request, "context");
  assert.deepEqual(seen, ["evt_1", request, "context"]);
});

test("Lambda: what is absent is as good as empty", async () => {
  for (const request of [{}, { headers: null, multiValueHeaders: null, body: null }, { headers: {}, isBase64Encoded: true }]) {
    const answer = await webhookHandler(() => assert.fail("called"), { secret, onError() {} })(request, {});
    assert.deepEqual([answer.statusCode, answer.body, answer.headers], [401, '{"error":"missing_signature"}', { "content-type": "application/json" }]);
  }
});

test("Lambda: an answer is one with a statusCode, and has a body", async () => {
  for (const [own, answer] of [
    [{ statusCode: 302, headers: { location: "/" } }, { statusCode: 302, headers: { location: "/" }, body: "" }],
    [{ message: "mine" }, { statusCode: 204, body: "" }],
    [null, { statusCode: 204, body: "" }],
    ["mine", { statusCode: 204, body: "" }],
  ]) {
    assert.deepEqual(await webhookHandler(() => own, { secret })(SHAPES["API Gateway HTTP"](delivery()), {}), answer);
  }
  // A load balancer that sent such headers asks for such an answer.
  const answer = await webhookHandler(() => {}, { secret })(SHAPES["load balancer with multi-value headers"](delivery()), {});
  assert.deepEqual(answer, { statusCode: 204, body: "", multiValueHeaders: {} });
});

test("Lambda: base64 over the limit is not decoded", async (context) => {
  const { mock } = context.mock.method(Buffer, "from");
  const request = { body: "A".repeat(2_000_000), isBase64Encoded: true };
  assert.equal((await webhookHandler(() => {}, { secret, onError() {} })(request, {})).statusCode, 413);
  assert.equal(mock.callCount(), 0);
});
