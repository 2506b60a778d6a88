import { createServer } from "node:http";
import { Webhook } from "@encrata/webhooks";

const webhook = new Webhook(process.env.ENCRATA_WEBHOOK_SECRET, { tolerance: 300 });

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk); // the raw body: what was signed
  const result = webhook.safeVerify(Buffer.concat(chunks), request.headers);
  response.writeHead(result.ok ? 204 : result.error.status).end(); // answer first, within 5 seconds; then work
  if (result.ok) console.log(result.event.id, result.event.event, result.event.data);
}).listen(3000);
