// The published JavaScript library of Standard Webhooks: `node standard.mjs sign|verify`, JSON in, JSON out.
// The library is looked up where check.sh installed it, not beside this file.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , modules, step] = process.argv;
const { Webhook } = createRequire(join(modules, 'package.json'))('standardwebhooks');

const steps = {
  sign: ({ secret, id, timestamp, body }) => [
    ['webhook-id', id],
    ['webhook-timestamp', String(timestamp)],
    ['webhook-signature', new Webhook(secret).sign(id, new Date(timestamp * 1000), body)],
  ],
  verify: ({ secret, headers, body }) => {
    new Webhook(secret).verify(body, Object.fromEntries(headers)); // throws when it does not match
    return true;
  },
};

const messages = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(messages.map(steps[step])) + '\n');
