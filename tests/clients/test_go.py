"""The Go code that is shown holds what the libraries hold: the vectors, as far as one function and the clock of now can."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support.verifiers import GO

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/vectors.json").read_text("utf-8"))
SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
OTHER = "whsec_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

if not GO.exists():
    pytest.skip("go is not installed", allow_module_level=True)


def body(case: dict[str, Any]) -> str:
    """In base64, as it is asked."""
    return str(case.get("body_base64") or base64.b64encode(case["body"].encode()).decode())


def verdicts(how: str, questions: list[dict[str, Any]]) -> list[str]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    ran = subprocess.run([GO, how], input=lines, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout.split()
    assert len(said) == len(questions)
    return said


def is_issued(secret: str) -> bool:
    return secret.startswith("whsec_") and len(secret) >= 38


def test_the_one_header() -> None:
    """Every case; secrets that no server issued are refused, also where the libraries take them."""
    cases = VECTORS["verify_signature"]
    questions = [
        {
            "body_base64": body(case),
            "secrets": [case["secret"]],
            "header_list": [["x-encrata-signature", case["signature"]]] if case["signature"] is not None else [],
        }
        for case in cases
    ]
    for how in ("verifySignature", "verify"):
        said = dict(zip((case["name"] for case in cases), verdicts(how, questions)))
        expected = {case["name"]: case["ok"] and is_issued(case["secret"]) for case in cases}
        assert {name: verdict == "accepted" for name, verdict in said.items()} == expected
    assert sum(expected.values()) >= 4 and len(expected) >= 25


def test_deliveries() -> None:
    """Those that are refused, each; and those that are accepted whatever the time is. Here 0 is no tolerance."""
    cases = [case for case in VECTORS["cases"] if case["tolerance"] is None or (case["tolerance"] and not case["ok"])]
    questions = [
        {
            "body_base64": body(case),
            "secrets": case["secrets"],
            "header_list": case["headers"],
            "tolerance": case["tolerance"] or 0,
        }
        for case in cases
    ]
    assert len(cases) >= 80
    for case, verdict in zip(cases, verdicts("verify", questions)):
        issued = all(is_issued(secret) for secret in case["secrets"] if secret)
        # It reads no body, and without a tolerance no time.
        unseen = case.get("code") in ("invalid_payload", "malformed_timestamp")
        if case["name"] == "seventeenth-entry-is-not-looked-at":
            continue  # it looks at all that net/http takes: one comparison each
        if case["ok"] and issued:
            assert verdict == "accepted", case["name"]
        elif not (unseen and case["tolerance"] is None):
            assert verdict != "accepted", case["name"]


def signed(at: int, key: bytes, more: str = "") -> dict[str, Any]:
    content = b'{"created_at":"2026-01-01T00:00:00Z","data":{},"event":"test"}'
    mac = hmac.new(key, f"evt_1.{at}.".encode() + content, hashlib.sha256).digest()
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(at)}
    headers["webhook-signature"] = f"v1,{base64.b64encode(mac).decode()}{more}"
    return {"body_base64": base64.b64encode(content).decode(), "header_list": [*headers.items()]}


@pytest.mark.parametrize("secret", ["", " ", "whsec_", "\n", "whsec_\n", "whsec_AAAA", f"{SECRET}\n", f'"{SECRET}"', SECRET[6:]])
def test_no_forgery_with_a_secret_that_is_none(secret: str) -> None:
    """Anybody can sign with an empty key, in either scheme."""
    at = int(time.time())
    plain = hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()
    forged = {"body_base64": base64.b64encode(b"{}").decode(), "header_list": [["x-encrata-signature", plain]]}
    assert verdicts("verifySignature", [{**forged, "secrets": [secret]}]) == ["refused"]
    for question in (forged, signed(at, b""), signed(at, b"", f" {plain}")):
        for secrets in ([secret], [secret, SECRET], [SECRET, secret]):
            for tolerance in (0, 300):
                [said] = verdicts("verify", [{**question, "secrets": secrets, "tolerance": tolerance}])
                unset = secret == "" and SECRET in secrets
                assert said == ("refused" if unset else "misconfigured"), (question, secrets)


def test_time_and_rotation() -> None:
    now, key = int(time.time()), base64.b64decode(SECRET[6:])
    ask = {"secrets": [OTHER, "", SECRET], "tolerance": 300}
    offsets = {0: "accepted", -290: "accepted", 290: "accepted", -310: "refused", 310: "refused", 10**15: "refused"}
    assert verdicts("verify", [{**signed(now + by, key), **ask} for by in offsets]) == list(offsets.values())
    assert verdicts("verify", [{**signed(now, key, " v1,AAAA"), **ask}]) == ["accepted"], "several entries"
    assert verdicts("verify", [{**signed(now, b"x" * 32), **ask}]) == ["refused"], "a stranger's"


def test_a_bad_entry_is_not_rescued_and_no_id_without_it() -> None:
    """Whoever strips the signed headers could replay, and make up an id."""
    one = signed(int(time.time()), base64.b64decode(SECRET[6:]))
    content = base64.b64decode(one["body_base64"])
    plain = ["x-encrata-signature", hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()]
    stripped = {**one, "secrets": [SECRET]}
    stripped["header_list"] = [plain, ["webhook-id", "evt_made_up"], ["webhook-timestamp", str(int(time.time()))]]
    assert verdicts("verify", [{**stripped, "tolerance": 300}, {**stripped, "tolerance": 0}]) == ["refused", "accepted"]
    bad = {**stripped, "header_list": [plain, ["webhook-signature", "v1,AAAA"]], "tolerance": 0}
    empty = {**stripped, "header_list": [plain, ["webhook-signature", ""]], "tolerance": 0}
    twice = {**stripped, "header_list": [plain, plain], "tolerance": 0}
    assert verdicts("verify", [bad, empty, twice]) == ["refused"] * 3
