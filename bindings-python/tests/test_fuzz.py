"""Against Python's own `hmac`, and with whatever else can be thought of. ENCRATA_TEST_LONG=1 makes it long."""

import base64
import hashlib
import hmac
import os

from conftest import SECRET
from hypothesis import given, settings
from hypothesis import strategies as st

from encrata_webhooks import Webhook, WebhookVerificationError, verify_signature

webhook = Webhook(SECRET)
KEY = base64.b64decode(SECRET[6:])
LONG = bool(os.environ.get("ENCRATA_TEST_LONG"))
many = settings(max_examples=100_000 if LONG else 200, deadline=None, database=None)
# What is made of anything takes long to make.
few = settings(parent=many, max_examples=5_000 if LONG else 200)

bodies = st.binary(max_size=300) | st.integers(0, 5000).map(lambda length: b"\xa5" * length)
secrets = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.binary(), inner) | st.tuples(inner, inner),
)


def plain(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@many
@given(bodies, secrets, st.integers(0, 63))
def test_the_drop_in_is_hmac(body, secret, at):
    signature = plain(secret, body)
    assert verify_signature(body, secret, signature) is True
    assert verify_signature(memoryview(body), secret, signature) is True
    changed = signature[:at] + ("0" if signature[at] != "0" else "1") + signature[at + 1 :]
    assert verify_signature(body, secret, changed) is False
    assert verify_signature(body + b"\0", secret, signature) is False


@many
@given(bodies, st.from_regex(r"[!-\-/-~]{1,40}", fullmatch=True), st.integers(0, 2**63 - 1))
def test_signing_is_hmac(body, id_, timestamp):
    headers = webhook.sign(body, id=id_, timestamp=timestamp)
    content = f"{id_}.{timestamp}.".encode() + body
    standard = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == "v1," + standard
    assert headers["x-encrata-signature"] == plain(SECRET, body)
    verified = webhook.authenticate(body, headers)
    assert (verified.id, verified.timestamp) == (id_, timestamp)


@few
@given(anything, anything, anything)
def test_the_drop_in_raises_nothing(payload, secret, signature):
    assert verify_signature(payload, secret, signature) is False


@few
@given(anything, anything)
def test_only_our_errors_are_raised(body, headers):
    for call in (webhook.verify, webhook.authenticate):
        try:
            call(body, headers)
        except WebhookVerificationError as error:
            assert error.code
        else:
            raise AssertionError


@few
@given(st.text() | st.lists(st.text() | st.none()))
def test_secrets_are_taken_or_refused_by_name(secret):
    try:
        signed = Webhook(secret)
    except WebhookVerificationError as error:
        assert (error.code, error.status) == ("invalid_secret", 500)
    else:
        one = secret if isinstance(secret, str) else next(filter(None, secret))
        assert signed.authenticate(b"{}", plain(one, b"{}")).id is None
