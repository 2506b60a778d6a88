// Every case of the shared vectors, on any runtime: `check` takes what the package exports and returns what failed.

/** @returns {string[]} */
export function check({ Webhook, verifySignature, WebhookVerificationError }, vectors) {
  const failures = [];
  let count = 0;
  const each = (section, step) => {
    if (!vectors[section]?.length) failures.push(`${section}: there are no cases`);
    for (const one of vectors[section] ?? []) {
      count++;
      try {
        const problem = step(one);
        if (problem !== undefined) failures.push(`${section}: ${one.name}: ${problem}`);
      } catch (error) {
        failures.push(`${section}: ${one.name}: ${error?.stack ?? error}`);
      }
    }
  };

  each("cases", (one) => {
    for (const body of bodies(one)) {
      for (const headers of holders(one.headers)) {
        const problem = at(one.now, () => judged(new Webhook(one.secrets, tolerance(one)).safeVerify(body, headers), one));
        if (problem !== undefined) return `${kind(body)}, ${kind(headers)}: ${problem}`;
      }
    }
  });
  each("secrets", (one) => {
    try {
      new Webhook(one.secrets);
      if (!one.ok) return "was taken";
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      return differ([error.code, error.fault], [one.code, one.fault]);
    }
  });
  each("verify_signature", (one) => {
    for (const body of bodies(one)) {
      if (verifySignature(body, one.secret, one.signature) !== one.ok) return `${kind(body)}: expected ${one.ok}`;
    }
  });
  each("sign", (one) => {
    for (const body of bodies(one)) {
      const problem = differ(Object.entries(new Webhook(one.secrets).sign(body, one)), one.headers);
      if (problem !== undefined) return problem;
    }
  });
  each("sign_refused", (one) => {
    try {
      new Webhook(one.secrets).sign("", one);
      return "was signed";
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  });
  each("standard", (one) => {
    for (const body of bodies(one)) {
      const headers = {
        "webhook-id": one.id,
        "webhook-timestamp": String(one.timestamp),
        "webhook-signature": one.signature,
      };
      const result = new Webhook(one.secret).safeVerify(body, headers);
      // These bodies need not be envelopes: that is looked at once the signature is right.
      if (!result.ok && result.error.code !== "invalid_payload") return result.error.code;
    }
  });
  each("errors", ({ code, http_status }) => differ(new WebhookVerificationError(code).status, http_status));
  if (count < 390) failures.push(`only ${count} cases were run`);
  return failures;
}

function judged(result, one) {
  if (!result.ok) return differ(result.error.code, one.code);
  if (!one.ok) return `accepted, expected ${one.code}`;
  const { event, known, id, timestamp, created_at, data } = result.event;
  return differ({ event, known, id, timestamp, created_at }, one.event) ?? differ(data, JSON.parse(one.body).data);
}

const tolerance = ({ tolerance }) => (tolerance === null ? {} : { tolerance });

/** The body in every form it may have. */
function bodies({ body, body_base64 }) {
  const bytes = body_base64 === undefined ? new TextEncoder().encode(body) : fromBase64(body_base64);
  const padded = new Uint8Array(bytes.length + 7).fill(0x20);
  padded.set(bytes, 3);
  const forms = [
    bytes,
    bytes.slice().buffer,
    padded.subarray(3, 3 + bytes.length),
    new DataView(padded.buffer, 3, bytes.length),
  ];
  if (body !== undefined) forms.push(body);
  if (globalThis.Buffer) forms.push(globalThis.Buffer.from(bytes));
  return forms;
}

/** The headers in everything that can hold them; not all can hold a name twice, or other than Latin-1. */
function holders(pairs) {
  const lower = pairs.map(([name]) => name.toLowerCase());
  const isUnique = new Set(lower).size === lower.length;
  const lists = {};
  for (const [name, value] of pairs) (lists[name] ??= []).push(value);
  const forms = [pairs, new Map(Object.entries(lists)), pairs.values(), pairs.flat(), lists];
  if (isUnique) forms.push(Object.fromEntries(pairs), new Map(pairs));
  // A value that is joined is another case of its own, except where it can't match anyway.
  if (isUnique && pairs.every(([, value]) => /^[\x20-\x7e]*$/.test(value) && value.trim() === value)) {
    forms.push(new Headers(pairs));
  }
  if (pairs.length === 1 && lower[0] === "x-encrata-signature") forms.push(pairs[0][1]);
  return forms;
}

/** Runs a step at another time. */
function at(seconds, step) {
  const { now } = Date;
  Date.now = () => seconds * 1000 + 999;
  try {
    return step();
  } finally {
    Date.now = now;
  }
}

function differ(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(sorted(value)));
  return one === other ? undefined : `got ${one}, expected ${other}`;
}

function sorted(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

const kind = (value) => Object.prototype.toString.call(value);

function fromBase64(text) {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}
