"""Both signature schemes on nothing but Python's standard library.

The vectors must not come from the code that they test, so this is written anew, and short enough to be read.
"""

import base64
import hashlib
import hmac

PREFIX = "whsec_"


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def plain(secret: str, body: bytes) -> str:
    """The value of `x-encrata-signature`: the key is the whole secret."""
    return mac(secret.encode(), body).hex()


def standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def v1(key: bytes, id: str, timestamp: "str | int", body: bytes) -> str:
    """One entry of `webhook-signature`."""
    return "v1," + base64.b64encode(mac(key, f"{id}.{timestamp}.".encode() + body)).decode()


def standard(secrets: "str | list[str]", id: str, timestamp: "str | int", body: bytes) -> "list[list[str]]":
    """The three headers of Standard Webhooks, with one entry for each secret."""
    secrets = [secrets] if isinstance(secrets, str) else secrets
    entries = [v1(standard_key(secret), id, timestamp, body) for secret in secrets]
    return [
        ["webhook-id", id],
        ["webhook-timestamp", str(timestamp)],
        ["webhook-signature", " ".join(entries)],
    ]


def signed(secrets: "str | list[str]", id: str, timestamp: "str | int", body: bytes) -> "list[list[str]]":
    """All four headers; `x-encrata-signature` is made with the first secret."""
    first = secrets if isinstance(secrets, str) else secrets[0]
    return [["x-encrata-signature", plain(first, body)], *standard(secrets, id, timestamp, body)]
