"""Verifies deliveries with the Standard Webhooks library of PyPI: a JSON object per line in, a verdict per line out."""

import base64
import json
import sys
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


def verdict(question: Any) -> str:
    body = base64.b64decode(question["body_base64"])
    try:
        Webhook(question["secret"]).verify(body, question["headers"])
    except WebhookVerificationError as error:
        # Any other refusal is about the headers or the time, and would hide what is asked here.
        if str(error) == "No matching signature found":
            return "refused"
        raise
    return "accepted"


for line in sys.stdin:
    print(verdict(json.loads(line)))
