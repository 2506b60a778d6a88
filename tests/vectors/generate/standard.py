"""The published Python library of Standard Webhooks: `python standard.py sign|verify`, JSON in, JSON out."""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook


def sign(message):
    time = datetime.fromtimestamp(message["timestamp"], tz=timezone.utc)
    signature = Webhook(message["secret"]).sign(message["id"], time, message["body"])
    return [
        ["webhook-id", message["id"]],
        ["webhook-timestamp", str(message["timestamp"])],
        ["webhook-signature", signature],
    ]


def verify(message):
    # Raises when it does not match.
    Webhook(message["secret"]).verify(message["body"], dict(message["headers"]))
    return True


step = {"sign": sign, "verify": verify}[sys.argv[1]]
print(json.dumps([step(message) for message in json.load(sys.stdin)]))
