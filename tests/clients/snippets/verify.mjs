// The documentation's Node snippet: a JSON object per line in, a verdict per line out.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';

function verifySignature(payload, secret, signature) {
  const expected = crypto.createHmac('sha256', secret).update(payload).digest('hex');
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}

for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (line === '') continue;
  const { body_base64, headers, secret } = JSON.parse(line);
  const good = verifySignature(Buffer.from(body_base64, 'base64'), secret, headers['x-encrata-signature']);
  console.log(good ? 'accepted' : 'refused');
}
