"""Every delivery verifies with everything that a receiver may use, and a forged one with nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from support.cases import Case, record
from support.receiver import Delivery, Receiver
from support.samples import HUGE_INTEGERS, KINDS
from support.server import Server
from support.verifiers import GO, VERIFIERS, Question, Verifier
from support.workspace import EVENTS, Workspace

STRANGE_SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
STANDARD_ENTRY = r"v1,[A-Za-z0-9+/]{43}="


@pytest.fixture(scope="module")
def cases(server: Server, receiver: Receiver) -> dict[str, Case]:
    """All that was delivered, by name."""
    recorded = record(Workspace.create(server, "receivers"), receiver.endpoint())
    by_name = {case.name: case for case in recorded}
    assert len(by_name) == len(recorded)
    return by_name


@pytest.fixture(params=VERIFIERS, ids=lambda verifier: verifier.name)
def verifier(request: pytest.FixtureRequest) -> Verifier:
    verifier: Verifier = request.param
    if verifier.command[0] == str(GO) and not GO.exists():
        pytest.skip("go is not installed")
    return verifier


def test_each_delivery_verifies(cases: dict[str, Case], verifier: Verifier) -> None:
    expect(
        "accepted",
        verifier,
        [
            Question(f"{case.name}, secret {number}", case.delivery, secret)
            for case in cases.values()
            for number, secret in enumerate(case.accepted(verifier.standard))
        ],
    )


def test_one_flipped_bit_is_refused(cases: dict[str, Case], verifier: Verifier) -> None:
    expect(
        "refused",
        verifier,
        [
            Question(f"{case.name}, secret {number}, byte {at}", flipped(case.delivery, at), secret)
            for case in cases.values()
            for number, secret in enumerate(case.accepted(verifier.standard))
            for at in (0, -1)
        ],
    )


def test_another_secret_is_refused(cases: dict[str, Case], verifier: Verifier) -> None:
    expect(
        "refused",
        verifier,
        [
            Question(f"{case.name}, secret {number}", case.delivery, secret)
            for case in cases.values()
            for number, secret in enumerate([STRANGE_SECRET, *case.refused(verifier.standard)])
        ],
    )


@pytest.mark.parametrize("verifier", [one for one in VERIFIERS if one.name == "go-verify"], indirect=True)
def test_another_time_is_refused(cases: dict[str, Case], verifier: Verifier) -> None:
    case = cases["sent"]
    [secret] = case.accepted(True)
    of_time = {offset: signed_at(case.delivery, secret, int(time.time()) + offset) for offset in (0, -3600, 3600)}
    expect("accepted", verifier, [Question("now", of_time[0], secret)])
    expect("refused", verifier, [Question(f"{offset} s", of_time[offset], secret) for offset in (-3600, 3600)])


def test_which_secrets_verify_during_a_rotation(cases: dict[str, Case]) -> None:
    """The table that the tests above go by, in full."""

    def secrets(name: str) -> tuple[int, int, int]:
        """How many the Standard libraries take, and refuse; how many the snippets refuse."""
        case = cases[name]
        return len(case.accepted(True)), len(case.refused(True)), len(case.refused(False))

    assert secrets("before the rotation") == (1, 0, 0)
    assert secrets("during the overlap") == secrets("test during the overlap") == (2, 0, 1)
    assert secrets("after the rotation was finished") == (1, 1, 1)
    assert secrets("after the overlap ran out") == (1, 2, 2)
    assert secrets("after a rotation without an overlap") == (1, 3, 3)
    before, during = cases["before the rotation"], cases["during the overlap"]
    after = cases["after the rotation was finished"]
    # The snippets go on with the old secret until the overlap ends.
    assert during.snippet_secret == before.snippet_secret != after.snippet_secret
    assert during.standard_secrets == (before.snippet_secret, after.snippet_secret)


def test_every_event_is_among_them(cases: dict[str, Case]) -> None:
    assert {case.event for case in cases.values()} == {*EVENTS, "test"}
    assert [kind.event for kind in KINDS] == list(EVENTS)
    assert len(cases["large"].delivery.body) > 200 * 1024


def test_data_arrives_as_it_was_published(cases: dict[str, Case]) -> None:
    differing = {
        name: arrived
        for name, case in cases.items()
        if case.data is not None and exactly(arrived := envelope(case.delivery)["data"]) != exactly(case.data)
    }
    # Beyond 64 bits an integer may arrive as the nearest double.
    arrived = differing.pop("huge-integers", HUGE_INTEGERS.data)
    assert list(map(float, arrived["values"])) == list(map(float, HUGE_INTEGERS.data["values"]))
    assert differing == {}


def test_bodies_are_compact_with_sorted_keys(cases: dict[str, Case]) -> None:
    bodies = {name: case.delivery.body.decode() for name, case in cases.items()}
    assert {name: body for name, body in bodies.items() if body != compact(body)} == {}


def test_headers(cases: dict[str, Case]) -> None:
    for name, case in cases.items():
        delivery = case.delivery
        headers = delivery.headers
        assert len(headers) == len(delivery.header_list), f"{name}: a header came twice"
        assert delivery.method == "POST"
        assert headers["content-type"] == "application/json"
        assert headers["content-length"] == str(len(delivery.body))
        assert not headers.keys() & {"transfer-encoding", "content-encoding", "expect"}
        assert re.fullmatch(r"Encrata-Webhooks/\d+\.\d+\.\d+\S*", headers["user-agent"])
        assert headers["x-encrata-event"] == case.event == envelope(delivery)["event"]
        assert re.fullmatch(r"[0-9a-f]{64}", headers["x-encrata-signature"])
        assert re.fullmatch(r"evt_[^.]+", headers["webhook-id"])
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
        entries = headers["webhook-signature"].split(" ")
        assert all(re.fullmatch(STANDARD_ENTRY, entry) for entry in entries)
        assert len(entries) == len(case.standard_secrets)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", envelope(delivery)["created_at"])
        assert sorted(envelope(delivery)) == ["created_at", "data", "event"]


@pytest.mark.parametrize(("first", "again"), [("first attempt", "second attempt"), ("sent", "resent")])
def test_another_attempt_is_the_same_event(cases: dict[str, Case], first: str, again: str) -> None:
    before, after = cases[first].delivery, cases[again].delivery
    assert before.body == after.body
    for header in ("webhook-id", "x-encrata-delivery", "x-encrata-signature"):
        assert before.headers[header] == after.headers[header]


def test_each_event_has_an_id_of_its_own(cases: dict[str, Case]) -> None:
    ids = {case.delivery.headers["webhook-id"] for case in cases.values()}
    assert len(ids) == len(cases) - len(["second attempt", "resent"])


def expect(verdict: str, verifier: Verifier, questions: list[Question]) -> None:
    assert questions
    verdicts = verifier.verdicts(questions)
    assert {name: said for name, said in verdicts.items() if said != verdict} == {}


def flipped(delivery: Delivery, at: int) -> Delivery:
    body = bytearray(delivery.body)
    body[at] ^= 1
    return replace(delivery, body=bytes(body))


def signed_at(delivery: Delivery, secret: str, timestamp: int) -> Delivery:
    """As it would be sent at another time."""
    message = f"{delivery.headers['webhook-id']}.{timestamp}.".encode() + delivery.body
    signature = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), message, hashlib.sha256).digest()
    changed = {"webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{base64.b64encode(signature).decode()}"}
    return replace(delivery, header_list=tuple({**delivery.headers, **changed}.items()))


def envelope(delivery: Delivery, **options: Any) -> Any:
    return json.loads(delivery.body, **options)


def compact(body: str) -> str:
    """The body as it should be written; fractions, of which JSON has many spellings, stay as they came."""
    value = json.loads(body, parse_float=lambda text: f"fraction:{text}")
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub(r'"fraction:([^"]*)"', r"\1", written)


def exactly(data: Any) -> str:
    """Tells 1 from 1.0 and true, which compare equal in Python."""
    return json.dumps(data, sort_keys=True)
