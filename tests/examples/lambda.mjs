// What is around functions on AWS, on one port: a function URL, a table of DynamoDB, and its stream.
// lambda.mjs FILE HANDLER WORK, in the folder of the file; PORT is its port.
import { createServer } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

const [file, handler, work] = process.argv.slice(2);
const { PORT } = process.env;
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x", AWS_REGION: "eu-central-1", INBOX_TABLE: "inbox",
  AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${PORT}`,
});
const functions = await import(join(process.cwd(), file));
const table = new Map();

/** The one call that a receiver makes. */
function put({ TableName, Item, ConditionExpression }) {
  const isMeant = TableName === "inbox" && ConditionExpression === "attribute_not_exists(id)";
  if (!isMeant) return [400, { __type: "ValidationException" }];
  if (table.has(Item.id.S)) return [400, { __type: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" }];
  table.set(Item.id.S, Item);
  setImmediate(() => functions[work]({ Records: [{ eventName: "INSERT", dynamodb: { NewImage: Item } }] }, {}));
  return [200, {}];
}

async function call(headers, body) {
  const request = { version: "2.0", headers, body, isBase64Encoded: false };
  const { statusCode, body: text } = await functions[handler](request, {});
  return [statusCode, text];
}

createServer(async (request, response) => {
  const { headers } = request;
  const body = (await buffer(request)).toString();
  if (headers["x-amz-target"] === "DynamoDB_20120810.PutItem") {
    const [status, answer] = put(JSON.parse(body));
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
  } else {
    const [status, text] = await call(headers, body);
    response.writeHead(status).end(text);
  }
}).listen(PORT, "127.0.0.1");
