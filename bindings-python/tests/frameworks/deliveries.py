"""Deliveries as Encrata sends them, right and wrong, and what is noted of their answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any, NamedTuple

from encrata_webhooks import Webhook

SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
OTHER = "whsec_" + "0123456789abcdef" * 4
BODY = '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"héllo"},"event":"test"}'.encode()
PATH = "/webhooks/encrata"

# Taking the standard headers away.
PLAIN = {"webhook-id": None, "webhook-timestamp": None, "webhook-signature": None}
NONE = {**PLAIN, "x-encrata-signature": None}


class Delivery(NamedTuple):
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    status: int
    text: str


class Told(NamedTuple):
    """What `on_error` was told."""

    code: str
    id: str | None
    error: Exception


def signed(
    body: bytes = BODY,
    *,
    secret: str = SECRET,
    change: dict[str, str | None] | None = None,
    id: str = "evt_1",
    timestamp: float | None = None,
) -> Delivery:
    """A delivery; `change` overrides headers, `None` takes one away."""
    headers: dict[str, Any] = {"content-type": "application/json"}
    headers.update(Webhook(secret).sign(body, id=id, timestamp=timestamp), **(change or {}))
    return Delivery({name: value for name, value in headers.items() if value is not None}, body)


def _mac(key: bytes, message: bytes) -> "hmac.HMAC":
    return hmac.new(key, message, hashlib.sha256)


_HEX = _mac(SECRET.encode(), BODY).hexdigest()
# A timestamp that is none, rightly signed.
_SOON = base64.b64encode(_mac(base64.b64decode(SECRET[6:]), b"evt_1.soon." + BODY).digest()).decode()


def refused() -> list[tuple[str, int, str | None, Delivery, dict[str, Any]]]:
    """Code, status, the id that is told, the delivery and options; as of now."""
    now = time.time()
    untimed = {"tolerance": None}
    plain = lambda value: signed(change={**PLAIN, "x-encrata-signature": value})  # noqa: E731
    soon = {"webhook-timestamp": "soon", "webhook-signature": f"v1,{_SOON}"}
    return [
        ("missing_signature", 401, None, signed(change=NONE), {}),
        ("missing_signature", 401, None, plain(""), {}),
        ("multiple_signatures", 401, None, plain(f"{_HEX}, {_HEX}"), untimed),
        ("malformed_signature", 401, None, plain(_HEX.upper()), untimed),
        ("malformed_signature", 401, "evt_1", signed(change={"webhook-signature": "v1,short"}), {}),
        ("missing_timestamp", 401, None, signed(change=PLAIN), {}),
        ("malformed_timestamp", 401, "evt_1", signed(change=soon), {}),
        ("signature_mismatch", 401, "evt_1", signed(secret=OTHER), {}),
        ("signature_mismatch", 401, "evt_1", signed()._replace(body=BODY + b" "), {}),
        ("timestamp_too_old", 401, "evt_1", signed(timestamp=now - 400), {}),
        ("timestamp_too_new", 401, "evt_1", signed(timestamp=now + 900), {}),
        ("invalid_payload", 400, "evt_1", signed(b"[]"), {}),
        ("invalid_payload", 400, "evt_1", signed(b""), {}),
        # Decoded before the signature was looked at, it would be a mismatch.
        ("invalid_payload", 400, "evt_1", signed(b"{\xff\xfe"), {}),
        # An id that must not be written to a log.
        ("signature_mismatch", 401, None, signed(change={"webhook-id": "evt 1"}), {}),
        ("signature_mismatch", 401, None, signed(change={"webhook-id": "e" * 129}), {}),
    ]
