"""One round of all races with pyperf: each contender in processes of its own. `main.py` runs the rounds."""

import hashlib
import hmac
import json
import os

import pyperf
import standardwebhooks
import stripe
import svix
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from encrata_webhooks import Webhook, verify_signature

SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
KEY = SECRET.encode()


def snippet(payload, secret, signature):
    """The documentation's."""
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def digest(payload, secret, signature):
    return hmac.compare_digest(hmac.digest(secret.encode(), payload, "sha256").hex(), signature)


def cryptography(payload, secret, signature):
    mac = HMAC(secret.encode(), SHA256())
    mac.update(payload)
    mac.verify(bytes.fromhex(signature))
    return True


def body(size):
    """A delivery of this size: small records, as a parser meets them, and a filler for the last bytes."""
    record = {"name": "example", "score": 0.93, "url": "https://example.com/ada", "verified": True}

    def event(records, filler):
        data = {"email": "ada@x.io", "lookup_id": "lu_42", "x": "x" * filler}
        if records > 0:
            data["records"] = [record] * records
        envelope = {"created_at": "2026-01-01T00:00:00Z", "data": data, "event": "lookup.completed"}
        return json.dumps(envelope, separators=(",", ":"))

    records = max(0, (size - 256) // (len(json.dumps(record, separators=(",", ":"))) + 1))
    text = event(records, size - len(event(records, 0)))
    assert len(text) == size
    return text.encode()


def races(payload):
    """What each contender runs, as (work, name, statement), and the names that the statements use."""
    webhook = Webhook(SECRET)
    signed = webhook.sign(payload)
    usual = {"host": "example.com", "content-type": "application/json", "user-agent": "Encrata-Webhooks/0.1.0"}
    stripe_time = int(signed["webhook-timestamp"])
    stripe_mac = hmac.new(KEY, b"%d." % stripe_time + payload, hashlib.sha256).hexdigest()
    names = {
        **globals(),
        "webhook": webhook,
        "tolerant": Webhook(SECRET, tolerance=300),
        "standard": standardwebhooks.Webhook(SECRET),
        "svixhook": svix.Webhook(SECRET),
        "stripehook": stripe.WebhookSignature,
        "payload": payload,
        "signature": signed["x-encrata-signature"],
        "plain": {**usual, "x-encrata-signature": signed["x-encrata-signature"]},
        "headers": {**usual, **signed},
        "stripe_header": f"t={stripe_time},v1={stripe_mac}",
    }
    bare, timed, typed = "the one signature", "a signed timestamp, 300 seconds allowed", "and the body read"
    return names, [
        (bare, "verify_signature", "verify_signature(payload, SECRET, signature)"),
        (bare, "Webhook.authenticate", "webhook.authenticate(payload, plain)"),
        (bare, "snippet", "snippet(payload, SECRET, signature)"),
        (bare, "hmac.digest", "digest(payload, SECRET, signature)"),
        (bare, "cryptography", "cryptography(payload, SECRET, signature)"),
        (timed, "Webhook.authenticate", "tolerant.authenticate(payload, headers)"),
        (timed, "standardwebhooks", "standard.verify(payload, headers, json_parse=False)"),
        (timed, "svix", "svixhook.verify(payload, headers)"),
        (timed, "stripe", "stripehook.verify_header(payload, stripe_header, SECRET, 300)"),
        (f"{bare}, {typed}", "Webhook.verify", "webhook.verify(payload, plain).data.email"),
        (f"{bare}, {typed}", "snippet", "snippet(payload, SECRET, signature) and json.loads(payload)['data']['email']"),
        (f"{timed}, {typed}", "Webhook.verify", "tolerant.verify(payload, headers).data.email"),
        (f"{timed}, {typed}", "standardwebhooks", "standard.verify(payload, headers)['data']['email']"),
    ]


def main():
    runner = pyperf.Runner()
    for size in map(int, os.environ["ENCRATA_BENCH_SIZES"].split(",")):
        names, contenders = races(body(size))
        for work, name, statement in contenders:
            assert eval(statement, names) is not False, statement
            runner.timeit(f"{size}|{work}|{name}", statement, globals=names)


if __name__ == "__main__":
    main()
