// Verifies deliveries with the Standard Webhooks library of npm: a JSON object per line in, a verdict per line out.
import { readFileSync } from 'node:fs';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

function verdict({ body_base64, headers, secret }) {
  try {
    new Webhook(secret).verify(Buffer.from(body_base64, 'base64'), headers);
    return 'accepted';
  } catch (error) {
    // Any other refusal is about the headers or the time, and would hide what is asked here.
    if (error instanceof WebhookVerificationError && error.message === 'No matching signature found') return 'refused';
    throw error;
  }
}

for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (line !== '') console.log(verdict(JSON.parse(line)));
}
