"""The documentation's Python snippet: a JSON object per line in, a verdict per line out."""

import base64
import hashlib
import hmac
import json
import sys


def verify_signature(payload: bytes, secret: str, signature: str) -> bool:
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


for line in sys.stdin:
    question = json.loads(line)
    body = base64.b64decode(question["body_base64"])
    good = verify_signature(body, question["secret"], question["headers"]["x-encrata-signature"])
    print("accepted" if good else "refused")
