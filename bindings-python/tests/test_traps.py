"""What the documentation's own snippets fall into, and what a receiver in Python meets beside it."""

import hashlib
import hmac

import pytest
from conftest import BODY, OTHER, SECRET, SIGNATURE

from encrata_webhooks import Webhook, WebhookVerificationError, verify_signature

webhook = Webhook(SECRET)


class Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __str__(self):
        raise RuntimeError

    __bytes__ = __iter__ = __len__ = __bool__ = __eq__ = __hash__ = __str__


TRAPS = {
    "another length": ("3fb1", "malformed_signature"),
    "empty": ("", "missing_signature"),
    "with sha256=": ("sha256=" + SIGNATURE, "malformed_signature"),
    "missing": (None, "missing_signature"),
    "64 non-ASCII characters": ("é" * 64, "malformed_signature"),
    "half a surrogate pair": ("\udc80" * 64, "malformed_signature"),
    "joined by a comma": (f"{SIGNATURE}, {SIGNATURE}", "multiple_signatures"),
    "upper-case hex": (SIGNATURE.upper(), "malformed_signature"),
    "another's": ("0" * 64, "signature_mismatch"),
}


@pytest.mark.parametrize(("signature", "code"), TRAPS.values(), ids=TRAPS)
def test_signatures(signature, code):
    assert verify_signature(BODY, SECRET, signature) is False
    for headers in (signature, {"X-Encrata-Signature": signature}, [("x-encrata-signature", signature)]):
        with pytest.raises(WebhookVerificationError) as raised:
            webhook.verify(BODY, headers)
        assert raised.value.code == code


def test_the_header_twice():
    pairs = [("X-Encrata-Signature", SIGNATURE)] * 2
    several = {"X-Encrata-Signature": [SIGNATURE, SIGNATURE]}
    two_cases = {"X-Encrata-Signature": SIGNATURE, "x-encrata-signature": SIGNATURE}
    for headers in (pairs, several, two_cases):
        with pytest.raises(WebhookVerificationError) as raised:
            webhook.verify(BODY, headers)
        assert raised.value.code == "multiple_signatures"


def test_a_body_as_text():
    assert verify_signature(BODY.decode(), SECRET, SIGNATURE) is True
    assert webhook.verify(BODY.decode(), SIGNATURE).event == "test"


@pytest.mark.parametrize("secret", ["", " ", "\n", None, "whsec_", b"", [], SECRET + "\n", f'"{SECRET}"'])
def test_secrets_that_would_accept_a_forgery(secret):
    forged = hmac.new(secret.encode() if isinstance(secret, str) else b"", BODY, hashlib.sha256).hexdigest()
    assert verify_signature(BODY, secret, forged) is False
    with pytest.raises(WebhookVerificationError) as raised:
        Webhook(secret)
    assert raised.value.code == "invalid_secret"
    assert raised.value.status == 500


PARSED = [{}, {"event": "test"}, [], None, 1, object(), "\udc80", Hostile()]


@pytest.mark.parametrize("body", PARSED, ids=lambda body: type(body).__name__)
def test_a_parsed_body(body):
    assert verify_signature(body, SECRET, SIGNATURE) is False
    for call in (webhook.verify, webhook.authenticate):
        with pytest.raises(WebhookVerificationError) as raised:
            call(body, SIGNATURE)
        assert raised.value.code == "body_not_raw"
    with pytest.raises(WebhookVerificationError):
        webhook.sign(body)


def test_a_released_view():
    view = memoryview(BODY)
    view.release()
    assert verify_signature(view, SECRET, SIGNATURE) is False
    with pytest.raises(WebhookVerificationError) as raised:
        webhook.verify(view, SIGNATURE)
    assert raised.value.code == "body_not_raw"


def test_the_drop_in_raises_nothing():
    odd = [None, 1, 1.5, True, b"", "", b"\xff", "\udc80", "\x00", [], {}, object(), Hostile(), SECRET, SIGNATURE, BODY]
    for payload in odd:
        for secret in odd:
            for signature in odd:
                expected = payload is BODY and secret is SECRET and signature is SIGNATURE
                assert verify_signature(payload, secret, signature) is expected


def test_the_drop_in_keeps_no_secret_for_another():
    for _ in range(3):
        assert verify_signature(BODY, SECRET, SIGNATURE) is True
        assert verify_signature(BODY, OTHER, SIGNATURE) is False
        assert verify_signature(BODY, SECRET + "\n", SIGNATURE) is False
        assert verify_signature(BODY, "", SIGNATURE) is False


def test_a_replay_without_the_signed_time():
    """Whoever strips the other headers gets nowhere once there is a tolerance."""
    with pytest.raises(WebhookVerificationError) as raised:
        Webhook(SECRET, tolerance=300).verify(BODY, SIGNATURE)
    assert raised.value.code == "missing_timestamp"


def test_no_secret_in_any_text():
    shown = [repr(webhook), str(webhook), repr(Webhook([SECRET, OTHER], 300)), str(Webhook.__doc__)]
    for secret in (SECRET + "\n", f"'{SECRET}'", SECRET + "\udc80"):
        with pytest.raises(WebhookVerificationError) as raised:
            Webhook(secret)
        shown += [repr(raised.value), str(raised.value), str(vars(raised.value))]
    with pytest.raises(WebhookVerificationError) as raised:
        webhook.verify(BODY + b" ", SIGNATURE)
    shown += [repr(raised.value), str(raised.value)]
    assert not [text for text in shown if SECRET[6:] in text]
