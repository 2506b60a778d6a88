"""The classes of events and errors."""

import copy
import json
import pickle

import pytest
from conftest import BODY, ROOT, SECRET

import encrata_webhooks
from encrata_webhooks import (
    LookupCompleted,
    LookupCompletedData,
    UnknownEvent,
    Webhook,
    WebhookEvent,
    events,
)

SCHEMA = json.loads((ROOT / "core" / "schema" / "events.schema.json").read_text())
webhook = Webhook(SECRET)


def verify(envelope, **named):
    body = json.dumps(envelope)
    return webhook.verify(body, webhook.sign(body, **named))


def samples():
    for reference in SCHEMA["anyOf"]:
        (sample,) = SCHEMA["$defs"][reference["$ref"].rsplit("/", 1)[-1]]["examples"]
        yield sample


@pytest.mark.parametrize("sample", list(samples()), ids=lambda sample: sample["event"])
def test_samples(sample):
    event = verify(sample, id="evt_1", timestamp=7)
    assert (event.event, event.created_at, event.id, event.timestamp) == (
        sample["event"],
        sample["created_at"],
        "evt_1",
        7,
    )
    assert isinstance(event, WebhookEvent.__args__)
    if isinstance(event, UnknownEvent):
        assert event.data == sample["data"]
    else:
        assert {name: getattr(event.data, name) for name in sample["data"]} == sample["data"]
    pickled, shown = pickle.loads(pickle.dumps(event)), eval(repr(event), vars(events))
    for other in (pickled, shown, copy.copy(event), copy.deepcopy(event)):
        assert other == event
        assert type(other) is type(event)
        assert repr(other) == repr(event)
    assert event != verify(sample, id="evt_2", timestamp=7)
    assert event != verify({**sample, "created_at": "2027-01-01T00:00:00Z"}, id="evt_1", timestamp=7)
    assert event != verify({**sample, "data": {**sample["data"], "more": 1}}, id="evt_1", timestamp=7)


def test_made_by_hand():
    data = LookupCompletedData(email="ada@example.com", lookup_id="lu_1")
    event = LookupCompleted(data=data, created_at="2026-01-01T00:00:00Z")
    expected = (
        "LookupCompleted(data=LookupCompletedData(email='ada@example.com', lookup_id='lu_1'), "
        "created_at='2026-01-01T00:00:00Z', id=None, timestamp=None)"
    )
    assert repr(event) == expected
    assert event.data is data
    with pytest.raises(TypeError):
        LookupCompleted(data={}, created_at="")


def test_nothing_can_be_changed():
    event = verify({"event": "new", "data": {"a": [1]}, "created_at": "t", "b": 2})
    for target in (event, verify(next(samples())), verify(next(samples())).data, webhook):
        for name in ("event", "data", "id", "extra", "other"):
            with pytest.raises(AttributeError):
                setattr(target, name, None)
    event.data["a"].append(2)
    event.extra.clear()
    assert (event.data, event.extra) == ({"a": [1]}, {"b": 2})


def test_new_fields_are_kept():
    data = {"email": "a", "lookup_id": "b", "more": {"c": [1, None, True, 1.5, "é", -1, 2**63]}}
    event = verify({"event": "lookup.completed", "data": data, "created_at": "t", "later": []})
    assert event.data.extra == {"more": data["more"]}
    assert event.extra == {"later": []}
    assert "more" in repr(event)


def test_numbers():
    """Whole ones within 64 bits are whole; all others are floats, as the core reads them."""
    numbers = [0, -(2**63), 2**63 - 1, 2**64 - 1, 1.0, -0.0, 1e308, 2**64]
    event = verify({"event": "new", "data": {"numbers": numbers}, "created_at": "t"})
    assert event.data["numbers"] == numbers
    assert [type(number) for number in event.data["numbers"]] == [int] * 4 + [float] * 4


def test_events_are_no_keys():
    """They hold dicts: what is compared by value and holds such has no hash."""
    with pytest.raises(TypeError):
        hash(verify(next(samples())))


def test_known_by_name_but_not_by_data():
    event = verify({"event": "credits.low", "data": {"credits_remaining": "5"}, "created_at": "t"})
    assert isinstance(event, UnknownEvent)
    assert (event.event, event.data) == ("credits.low", {"credits_remaining": "5"})


def test_what_python_tools_see():
    """pytest takes classes named Test for tests, unless they say otherwise."""
    assert encrata_webhooks.TestEvent.__test__ is False
    assert encrata_webhooks.TestData.__test__ is False
    for name in ("Webhook", "LookupCompleted", "SignatureMismatchError"):
        assert getattr(encrata_webhooks, name).__module__ == "encrata_webhooks"
    with pytest.raises(AttributeError):
        encrata_webhooks.nothing
    with pytest.raises(AttributeError):
        events.nothing


def test_errors_are_value_errors_that_travel():
    with pytest.raises(ValueError) as raised:
        Webhook(SECRET + "\n")
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):
        assert (error.code, error.status, error.fault) == ("invalid_secret", 500, "control_character")
    error = encrata_webhooks.refusal("body_too_large")
    assert isinstance(error, encrata_webhooks.BodyTooLargeError)
    assert (error.code, error.status) == ("body_too_large", 413)
    assert str(encrata_webhooks.refusal("body_not_raw", "call get_data() first")) == "call get_data() first"
    for code in ("nothing", "wasm_unavailable"):
        with pytest.raises(ValueError):
            encrata_webhooks.refusal(code)


def test_a_webhook_is_not_written_down():
    with pytest.raises(TypeError):
        pickle.dumps(webhook)
    with pytest.raises(TypeError):
        copy.deepcopy(webhook)


def test_an_id_only_when_it_was_signed():
    signature = webhook.sign(BODY)["x-encrata-signature"]
    event = webhook.verify(BODY, {"x-encrata-signature": signature, "webhook-id": "evt_1", "webhook-timestamp": "7"})
    assert (event.id, event.timestamp) == (None, None)
