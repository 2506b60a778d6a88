"""Headers, tolerances and times in the forms they come in."""

import array
from email.message import Message
from types import MappingProxyType
from urllib.request import Request

import pytest
from conftest import BODY, OTHER, SECRET, SIGNATURE

import encrata_webhooks
from encrata_webhooks import Webhook, WebhookVerificationError

webhook = Webhook(SECRET)
signed = webhook.sign(BODY, id="evt_1", timestamp=1767225600)


class Items:
    """As Werkzeug's and Starlette's headers: pairs, in which a name may be there twice."""

    def __init__(self, *pairs):
        self.pairs = pairs

    def items(self):
        return iter(self.pairs)


def message():
    headers = Message()
    for name, value in signed.items():
        headers[name] = value
    return headers


FORMS = {
    "dict": signed,
    "title case": {name.title(): value for name, value in signed.items()},
    "mapping proxy": MappingProxyType(signed),
    "own items": Items(*signed.items()),
    "email.message": message(),
    "urllib": Request("http://localhost", headers=signed).headers,
    "pairs": list(signed.items()),
    "generator": (pair for pair in signed.items()),
    "bytes": [(name.encode(), value.encode()) for name, value in signed.items()],
    "a number as timestamp": {**signed, "webhook-timestamp": 1767225600},
    "unset ones": {**signed, "x-encrata-signature": None, "x-other": object()},
    "odd names and pairs": [*signed.items(), (1, "x"), ("x",), "ab", None, (object(), "y")],
    "WSGI": {"wsgi.version": (1, 0), **{"HTTP_" + k.upper().replace("-", "_"): v for k, v in signed.items()}},
}


@pytest.mark.parametrize("headers", FORMS.values(), ids=FORMS)
def test_headers(headers):
    event = webhook.verify(BODY, headers)
    assert (event.id, event.timestamp) == ("evt_1", 1767225600)


@pytest.mark.parametrize("headers", [{}, [], None, 3, object(), "", b"", {"x-encrata-signature": None}, Items()])
def test_no_headers(headers):
    with pytest.raises(WebhookVerificationError) as raised:
        webhook.verify(BODY, headers)
    assert raised.value.code == "missing_signature"


@pytest.mark.parametrize("value", [1.5, True, object(), {}, "\udc80", b"\xff"])
def test_values_that_are_no_text(value):
    with pytest.raises(WebhookVerificationError) as raised:
        webhook.verify(BODY, {"x-encrata-signature": value})
    assert raised.value.code == "malformed_signature"


def test_a_bare_signature_as_bytes():
    assert webhook.verify(BODY, SIGNATURE.encode()).id is None


def test_what_headers_raise_is_theirs():
    class Failing:
        def items(self):
            raise LookupError

    with pytest.raises(LookupError):
        webhook.verify(BODY, Failing())


def test_headers_that_change_under_way():
    """A value that changes the dict it is in, when it is looked at."""
    headers = dict(signed)

    class Changing(list):
        def __iter__(self):
            headers.clear()
            return super().__iter__()

    headers["webhook-timestamp"] = Changing(["1767225600"])
    assert webhook.verify(BODY, headers).timestamp == 1767225600


def test_views_of_all_shapes():
    words = array.array("H", BODY + b"\n")
    expected = webhook.sign(BODY + b"\n", id="evt_1", timestamp=0)
    assert webhook.sign(memoryview(words), id="evt_1", timestamp=0) == expected
    square = memoryview(BODY + b"\n" * 2).cast("B", (3, 37))
    assert webhook.sign(square, id="evt_1", timestamp=0) == webhook.sign(square.tobytes(), id="evt_1", timestamp=0)
    backwards = memoryview(BODY[::-1])[::-1]
    assert webhook.verify(backwards, SIGNATURE).event == "test"


def test_subclasses_are_what_they_are_of():
    class Text(str):
        pass

    class Bytes(bytes):
        pass

    assert Webhook(Text(SECRET)).verify(Bytes(BODY), Text(SIGNATURE)).event == "test"
    assert encrata_webhooks.verify_signature(Text(BODY.decode()), Text(SECRET), Text(SIGNATURE)) is True


@pytest.mark.parametrize("tolerance", [-1, -0.5, float("nan")])
def test_tolerances_that_are_none(tolerance):
    with pytest.raises(ValueError):
        Webhook(SECRET, tolerance)


@pytest.mark.parametrize("tolerance", [0, 300, 0.9, 1e300, float("inf")])
def test_tolerances(tolerance):
    assert Webhook(SECRET, tolerance).verify(BODY, signed, now=1767225600.7).id == "evt_1"


def test_now_is_the_clock():
    tolerant = Webhook(SECRET, tolerance=5)
    assert tolerant.verify(BODY, tolerant.sign(BODY)).event == "test"
    with pytest.raises(encrata_webhooks.TimestampTooOldError):
        tolerant.verify(BODY, signed)
    with pytest.raises(encrata_webhooks.TimestampTooNewError):
        tolerant.verify(BODY, signed, now=1767225594)


def test_secrets_by_twos():
    rotating = Webhook(secret for secret in (OTHER, None, "", SECRET))
    assert rotating.verify(BODY, SIGNATURE).event == "test"
    assert rotating.sign(BODY)["webhook-signature"].count("v1,") == 2
    for secrets in (b"whsec_ab", [b"whsec_ab"], 7, [SECRET, 7], SECRET + "\udc80"):
        with pytest.raises(encrata_webhooks.InvalidSecretError) as raised:
            Webhook(secrets)
        assert raised.value.fault is None


def test_ids_are_fresh():
    ids = {webhook.sign(BODY)["webhook-id"] for _ in range(100)}
    assert len(ids) == 100
    assert all(id_.startswith("evt_") and len(id_) == 36 for id_ in ids)


def test_diagnoses():
    def cause(*arguments, **named):
        return encrata_webhooks.diagnose(*arguments, **named).cause

    assert cause(BODY, signed, SECRET) == "match"
    assert cause(BODY, SIGNATURE, SECRET + "\n") == "secret_whitespace"
    assert cause(BODY, {}, SECRET) == cause(BODY, None, SECRET) == "signature_missing"
    assert cause(BODY.replace(b":", b": "), signed, SECRET) == "body_reserialised"
    assert cause(BODY, signed, None) == cause(BODY, signed, "")
    assert cause(BODY, {"HTTP_WEBHOOK_SIGNATURE": SIGNATURE}, SECRET) == "signature_in_wrong_header"
    assert cause(BODY, signed, SECRET, tolerance=5) == "timestamp_too_old"
    assert cause(BODY, signed, SECRET, tolerance=5, now=1767225600) == "match"
    diagnosis = encrata_webhooks.diagnose(BODY, signed, OTHER)
    assert str(diagnosis) == f"{diagnosis.message} {diagnosis.fix}"
    assert repr(diagnosis).startswith("Diagnosis(cause='")
    with pytest.raises(encrata_webhooks.BodyNotRawError):
        encrata_webhooks.diagnose({}, signed, SECRET)
