"""Events to publish: every kind, and every oddity that JSON allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOOKUP = {"email": "ada@example.com", "lookup_id": "lu_42"}
KEY = {"key_id": "0198a4a0-0000-7000-8000-000000000001", "name": "Production", "key_preview": "...x7k2"}


@dataclass(frozen=True)
class Sample:
    """An event. `escaped`: its text is published in JSON escapes, not as it is."""

    name: str
    event: str
    data: dict[str, Any]
    escaped: bool = True


def lookup(name: str, more: dict[str, Any], *, escaped: bool = True) -> Sample:
    """A finished look-up with fields that no receiver knows yet."""
    return Sample(name, "lookup.completed", {**LOOKUP, **more}, escaped)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for level in range(depth):
        value = {"b": [level, value], "a": None}
    return value


KINDS = [
    Sample("lookup.completed", "lookup.completed", LOOKUP),
    Sample(
        "monitor.run.completed",
        "monitor.run.completed",
        {
            "monitor_id": "mon_1",
            "monitor_name": "Competitors",
            "run_id": "run_1",
            "total_records": 120,
            "changes_detected": 3,
            "credits_used": 12,
        },
    ),
    Sample("apikey.created", "apikey.created", KEY),
    Sample("apikey.revoked", "apikey.revoked", KEY),
    Sample("credits.low", "credits.low", {"credits_remaining": 90, "threshold": 100}),
    Sample("credits.exhausted", "credits.exhausted", {"credits_remaining": 0}),
]

HUGE_INTEGERS = lookup("huge-integers", {"values": [2**64 + 1, 10**30, -(10**30)]})

TEXT = "Zürich, Ω, 日本語, עברית, e\u0301 \u00e9"
EMOJI = "🎉👩‍👩‍👧‍👦🇨🇭"

ODDITIES = [
    lookup("unicode", {"note": TEXT}, escaped=False),
    lookup("unicode-escaped", {"note": TEXT}),
    lookup("emoji", {"note": EMOJI}, escaped=False),
    lookup("emoji-as-surrogate-pairs", {"note": EMOJI}),
    lookup("control-characters", {"note": "".join(map(chr, range(0x20))) + "\x7f\u0085\u2028\u2029\ufeff"}),
    lookup("quotes-and-markup", {"note": "\"\\/'<script>&amp;%00 + =?"}),
    lookup("empty-strings", {"": "", "note": "", "list": [""]}),
    lookup("empty-values", {"list": [], "object": {}, "nothing": None, "yes": True, "no": False}),
    lookup("keys-in-no-order", {"z": 1, "a": 2, "B": 3, "é": 4, "10": 5, "9": 6, "🎉": 7, "\uffff": 8}),
    lookup("nested", {"tree": nested(40)}),
    lookup("big-integers", {"values": [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64 - 1]}),
    HUGE_INTEGERS,
    lookup("fractions", {"values": [0.1, 1.5, -2.25, 1.0, 1e-7, 1e300, 5e-324, 0.30000000000000004]}),
    lookup("large", {"note": "0123456789abcdeé" * (200 * 1024 // 17)}, escaped=False),
]
