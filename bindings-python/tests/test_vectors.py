"""Every vector, with its code."""

import base64

import pytest
from conftest import VECTORS, each

import encrata_webhooks
from encrata_webhooks import UnknownEvent, Webhook, WebhookVerificationError, verify_signature


def bytes_of(case):
    return base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"].encode()


def bodies(case):
    """The same body in every form it can be given in."""
    body = bytes_of(case)
    twice = bytes(byte for byte in body for _ in range(2))
    yield from (body, bytearray(body), memoryview(body), memoryview(twice)[::2])
    if "body" in case:
        yield case["body"]


def headers(pairs):
    """The same headers in every form they can be given in."""
    yield pairs
    yield tuple(tuple(pair) for pair in pairs)
    yield [(name.encode(), value.encode()) for name, value in pairs]
    names = [name.lower() for name, _ in pairs]
    several = {name: [value for other, value in pairs if other.lower() == name] for name in names}
    yield several
    if len(several) == len(pairs):
        yield dict(pairs)
        yield {name.upper(): value for name, value in pairs}
        yield {"REQUEST_METHOD": "POST"} | {wsgi(name): value for name, value in pairs}


def wsgi(name):
    return "HTTP_" + name.upper().replace("-", "_")


@each("cases")
def test_deliveries(case):
    webhook = Webhook(case["secrets"], case["tolerance"]) if is_usable(case) else None
    for body in bodies(case):
        for given in headers(case["headers"]):
            if case["ok"]:
                assert_is(webhook.verify(body, given, now=case["now"]), case["event"])
                continue
            with pytest.raises(WebhookVerificationError) as raised:
                receiver = webhook or Webhook(case["secrets"], case["tolerance"])
                receiver.verify(body, given, now=case["now"])
            assert raised.value.code == case["code"]


def is_usable(case):
    return case.get("code") != "invalid_secret"


def assert_is(event, expected):
    found = {name: getattr(event, name) for name in ("event", "id", "timestamp", "created_at")}
    assert {**found, "known": not isinstance(event, UnknownEvent)} == expected


@each("cases")
def test_without_reading(case):
    """The same answer, but for what only the JSON decides."""
    if not is_usable(case):
        return
    webhook = Webhook(case["secrets"], case["tolerance"])
    if case["ok"] or case["code"] == "invalid_payload":
        verified = webhook.authenticate(bytes_of(case), case["headers"], now=case["now"])
        if case["ok"]:
            assert (verified.id, verified.timestamp) == (case["event"]["id"], case["event"]["timestamp"])
    else:
        with pytest.raises(WebhookVerificationError) as raised:
            webhook.authenticate(bytes_of(case), case["headers"], now=case["now"])
        assert raised.value.code == case["code"]


@each("secrets")
def test_secrets(case):
    if case["ok"]:
        assert Webhook(case["secrets"])
        return
    with pytest.raises(encrata_webhooks.InvalidSecretError) as raised:
        Webhook(case["secrets"])
    assert raised.value.code == case["code"]
    assert raised.value.fault == case["fault"]


@each("verify_signature")
def test_the_drop_in(case):
    for body in bodies(case):
        assert verify_signature(body, case["secret"], case["signature"]) is case["ok"]


@each("sign")
def test_signing(case):
    webhook = Webhook(case["secrets"])
    for body in bodies(case):
        signed = webhook.sign(body, id=case["id"], timestamp=case["timestamp"])
        assert signed == dict(case["headers"])


@each("sign_refused")
def test_what_is_not_signed(case):
    with pytest.raises(ValueError):
        Webhook(case["secrets"]).sign(b"", id=case["id"], timestamp=case["timestamp"])


@each("standard")
def test_what_published_libraries_signed(case):
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    values = (case["id"], str(case["timestamp"]), case["signature"])
    verified = Webhook(case["secret"]).authenticate(bytes_of(case), dict(zip(names, values)))
    assert (verified.id, verified.timestamp) == (case["id"], case["timestamp"])


def test_every_code_has_a_class():
    """WebAssembly is JavaScript's alone."""
    classes = {class_.code: class_.status for class_ in WebhookVerificationError.__subclasses__()}
    codes = {case["code"]: case["http_status"] for case in VECTORS["errors"]}
    del codes["wasm_unavailable"]
    assert classes == codes
