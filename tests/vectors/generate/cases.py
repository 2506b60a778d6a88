"""The cases. Expectations are written by hand, from the wire contract; only MACs are computed."""

import base64
import json
from pathlib import Path

from scheme import mac, plain, signed, standard, standard_key, v1

SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
OTHER = "whsec_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
GOLDEN_SIGNATURE = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3"
BODY = b'{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}'
ID = "evt_01jgfj8k00e5s9v7c2m4x6z8qa"
TIME = 1767225600
SCHEMA = Path(__file__).parents[3] / "core/schema/events.schema.json"

assert plain(SECRET, BODY) == GOLDEN_SIGNATURE


def body_field(body: bytes) -> dict:
    """As text where that says it all, else in base64."""
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def with_header(headers, name, value):
    """The headers with one of them changed; None takes it out."""
    kept = [[n, value if n == name else v] for n, v in headers]
    return [[n, v] for n, v in kept if v is not None]


class Cases:
    """Collects the cases of a whole verification."""

    def __init__(self):
        self.all = []

    def accept(self, name, headers, body=BODY, *, secrets=(SECRET,), tolerance=None, now=TIME, id=None,
               timestamp=None, event="test", known=True, created_at="2026-01-01T00:00:00Z"):
        self._add(name, secrets, tolerance, now, headers, body, {
            "ok": True,
            "event": {"event": event, "known": known, "id": id, "timestamp": timestamp, "created_at": created_at},
        })

    def reject(self, name, code, headers, body=BODY, *, secrets=(SECRET,), tolerance=None, now=TIME):
        self._add(name, secrets, tolerance, now, headers, body, {"ok": False, "code": code})

    def _add(self, name, secrets, tolerance, now, headers, body, expected):
        self.all.append({
            "name": name, "secrets": list(secrets), "tolerance": tolerance, "now": now, "headers": headers,
            **body_field(body), **expected,
        })


def accepted(cases: Cases) -> None:
    both = signed(SECRET, ID, TIME, BODY)
    covered = {"id": ID, "timestamp": TIME}

    cases.accept("golden-from-the-documentation", [["x-encrata-signature", GOLDEN_SIGNATURE]])
    cases.accept("golden-in-both-schemes", both, **covered)
    cases.accept("golden-with-tolerance", both, tolerance=300, **covered)
    for sample in json.loads(SCHEMA.read_text())["$defs"].values():
        if "event" not in sample["properties"] or "const" not in sample["properties"]["event"]:
            continue
        event = sample["properties"]["event"]["const"]
        body = json.dumps(sample["examples"][0], sort_keys=True, separators=(",", ":")).encode()
        cases.accept(f"sample-{event}", signed(SECRET, ID, TIME, body), body, event=event, **covered)

    # Headers
    cases.accept("header-names-in-capitals", [[name.upper(), value] for name, value in both], **covered)
    cases.accept("header-names-in-title-case", [[name.title(), value] for name, value in both], **covered)
    cases.accept("among-other-headers", [["host", "example.com"], *both, ["x-encrata-event", "test"]], **covered)
    cases.accept("standard-headers-alone", both[1:], **covered)
    cases.accept("plain-header-alone-gives-no-id", both[:1])
    cases.accept("plain-header-beside-uncovered-id-and-timestamp", both[:3])
    cases.accept("standard-decides-beside-a-bad-plain-one",
                 with_header(both, "x-encrata-signature", "0" * 64), **covered)
    cases.accept("standard-decides-beside-an-empty-plain-one",
                 with_header(both, "x-encrata-signature", ""), **covered)
    cases.accept("standard-decides-beside-two-plain-ones",
                 [["x-encrata-signature", "0" * 64], *both], **covered)

    # Entries of webhook-signature
    entry = both[3][1]
    other_entry = v1(standard_key(OTHER), ID, TIME, BODY)
    v1a = "v1a," + base64.b64encode(bytes(range(64))).decode()
    for name, value in {
        "entry-of-version-v1a-is-ignored": f"{v1a} {entry}",
        "entry-of-a-later-version-is-ignored": f"v2,abc,def {entry}",
        "malformed-entry-beside-a-good-one": f"v1,abc {entry}",
        "foreign-entry-first": f"{other_entry} {entry}",
        "foreign-entry-last": f"{entry} {other_entry}",
        "same-entry-twice": f"{entry} {entry}",
        "entries-separated-by-two-spaces": f"{other_entry}  {entry}",
        "sixteenth-entry-is-still-looked-at": " ".join([other_entry] * 15 + [entry]),
    }.items():
        cases.accept(name, with_header(both, "webhook-signature", value), **covered)
    cases.accept("webhook-signature-twice-one-empty", [*both, ["webhook-signature", ""]], **covered)
    cases.accept("webhook-signature-twice", [*both, ["webhook-signature", other_entry]], **covered)
    cases.accept("webhook-signature-twice-joined",
                 with_header(both, "webhook-signature", f"{entry}, {other_entry}"), **covered)
    cases.accept("webhook-signature-twice-joined-other-order",
                 with_header(both, "webhook-signature", f"{other_entry}, {entry}"), **covered)

    # Several secrets
    rotating = signed([SECRET, OTHER], ID, TIME, BODY)
    cases.accept("rotation-receiver-has-the-old-secret", rotating, secrets=[SECRET], **covered)
    cases.accept("rotation-receiver-has-the-new-secret", rotating, secrets=[OTHER], **covered)
    cases.accept("rotation-receiver-has-both", both, secrets=[OTHER, SECRET], **covered)
    cases.accept("rotation-receiver-has-both-plain", both[:1], secrets=[OTHER, SECRET])
    cases.accept("unset-secrets-are-skipped", both, secrets=[None, "", SECRET], **covered)
    cases.accept("same-secret-twice", both, secrets=[SECRET, SECRET], **covered)
    cases.accept("same-secret-twice-plain", both[:1], secrets=[SECRET, SECRET])
    own = "my own secret, not from Encrata"
    cases.accept("secret-that-is-no-base64-in-the-plain-scheme", [["x-encrata-signature", plain(own, BODY)]],
                 secrets=[own])
    cases.accept("secret-in-unicode-in-the-plain-scheme", [["x-encrata-signature", plain("gehéim😀", BODY)]],
                 secrets=["gehéim😀"])

    # Time
    cases.accept("as-old-as-the-tolerance", both, tolerance=300, now=TIME + 300, **covered)
    cases.accept("as-far-ahead-as-the-tolerance", both, tolerance=300, now=TIME - 300, **covered)
    cases.accept("tolerance-of-zero", both, tolerance=0, **covered)
    cases.accept("ancient-without-tolerance", both, now=TIME + 10**9, **covered)
    cases.accept("now-is-zero-without-tolerance", both, now=0, **covered)
    cases.accept("timestamp-zero", signed(SECRET, ID, 0, BODY), id=ID, timestamp=0)
    cases.accept("timestamp-with-leading-zeros", signed(SECRET, ID, "0001767225600", BODY), **covered)
    cases.accept("headers-stripped-without-tolerance", both[:1], now=TIME + 10**6)

    # Ids
    for name, id in {"id-of-one-character": "1", "id-of-visible-ascii": "!#$%&'*+-/:;<=>?@[]^_`{|}~\"\\(),"}.items():
        cases.accept(name, signed(SECRET, id, TIME, BODY), id=id, timestamp=TIME)

    # Bodies
    def envelope(name, body, **expected):
        body = body if isinstance(body, bytes) else body.encode()
        cases.accept(name, signed(SECRET, ID, TIME, body), body, **covered, **expected)

    envelope("unknown-event", '{"created_at":"2026-01-01T00:00:00Z","data":{"a":[1,{"b":null}]},"event":"new.thing"}',
             event="new.thing", known=False)
    envelope("unknown-event-without-data", '{"created_at":"2026-01-01T00:00:00Z","data":{},"event":"new.thing"}',
             event="new.thing", known=False)
    envelope("known-event-that-lacks-a-field",
             '{"created_at":"2026-01-01T00:00:00Z","data":{"email":"a@example.com"},"event":"lookup.completed"}',
             event="lookup.completed", known=False)
    envelope("known-event-with-a-field-of-another-type",
             '{"created_at":"2026-01-01T00:00:00Z","data":{"credits_remaining":"0"},"event":"credits.exhausted"}',
             event="credits.exhausted", known=False)
    envelope("known-event-with-a-new-field",
             '{"created_at":"2026-01-01T00:00:00Z","data":{"credits_remaining":0,"since":"today"},'
             '"event":"credits.exhausted"}', event="credits.exhausted")
    envelope("event-name-in-another-case", BODY.replace(b'"test"', b'"TEST"'), event="TEST", known=False)
    envelope("envelope-with-a-new-field", BODY.replace(b'"event"', b'"attempt":1,"event"'))
    envelope("body-with-spaces-and-other-key-order",
             '{ "event": "test", "data": {"message": "hi"}, "created_at": "2026-01-01T00:00:00Z" }')
    envelope("body-with-newline-that-was-signed", BODY + b"\n")
    envelope("body-with-unicode", BODY.replace(b"test webhook", "tést 😀 \u2028 webhook".encode()))
    envelope("body-with-escapes", BODY.replace(b"test webhook", rb"t\u00e9st \ud83d\ude00 \/ \n"))
    envelope("body-with-nul-escape", BODY.replace(b"test webhook", rb"\u0000"))
    envelope("body-of-many-blocks", BODY.replace(b"test webhook", b"x" * 10_000))
    envelope("body-with-an-escaped-backslash-before-u", BODY.replace(b"test webhook", rb"\\ud800"))
    envelope("body-nested-127-deep", nested(126, "e"), event="e", known=False)
    envelope("name-twice-the-last-counts", BODY.replace(b'"event":"test"', b'"event":"new.thing","event":"test"'))
    envelope("created-at-in-another-form", BODY.replace(b"2026-01-01T00:00:00Z", b"yesterday"),
             created_at="yesterday")


def rejected_signatures(cases: Cases) -> None:
    both = signed(SECRET, ID, TIME, BODY)

    def plain_value(name, code, *values):
        cases.reject(name, code, [["x-encrata-signature", value] for value in values])

    flipped = f"{int(GOLDEN_SIGNATURE[0], 16) ^ 1:x}" + GOLDEN_SIGNATURE[1:]
    plain_value("one-bit-off", "signature_mismatch", flipped)
    plain_value("last-bit-off", "signature_mismatch", GOLDEN_SIGNATURE[:-1] + "2")
    plain_value("all-zeros", "signature_mismatch", "0" * 64)
    plain_value("another-secret", "signature_mismatch", plain(OTHER, BODY))
    plain_value("secret-without-its-prefix", "signature_mismatch", plain(SECRET[6:], BODY))
    plain_value("empty-secret-forgery", "signature_mismatch", plain("", BODY))
    plain_value("standard-key-in-the-plain-scheme", "signature_mismatch", mac(standard_key(SECRET), BODY).hex())
    plain_value("standard-content-in-the-plain-scheme", "signature_mismatch",
                plain(SECRET, f"{ID}.{TIME}.".encode() + BODY))

    for name, body in {
        "body-one-byte-changed": BODY.replace(b"test webhook", b"tesT webhook"),
        "body-truncated": BODY[:-1],
        "body-empty": b"",
        "body-with-a-newline-added": BODY + b"\n",
        "body-with-a-space-before": b" " + BODY,
        "body-with-a-byte-order-mark-before": b"\xef\xbb\xbf" + BODY,
        "body-serialised-again-with-spaces": json.dumps(json.loads(BODY)).encode(),
        "body-serialised-again-with-other-key-order": b'{"event":"test","data":{"message":"This is a test webhook from '
                                                      b'Encrata"},"created_at":"2026-01-01T00:00:00Z"}',
        "body-with-a-nul-at-the-end": BODY + b"\0",
    }.items():
        cases.reject(name, "signature_mismatch", both[:1], body)
        cases.reject(f"{name}-standard", "signature_mismatch", both[1:], body)

    cases.reject("no-headers", "missing_signature", [])
    cases.reject("no-signature-header", "missing_signature", [["content-type", "application/json"], *both[1:3]])
    cases.reject("signature-under-another-name", "missing_signature", [["x-signature", GOLDEN_SIGNATURE]])
    plain_value("empty-signature", "missing_signature", "")
    plain_value("signature-twice", "multiple_signatures", GOLDEN_SIGNATURE, GOLDEN_SIGNATURE)
    plain_value("signature-twice-good-one-first", "multiple_signatures", GOLDEN_SIGNATURE, "0" * 64)
    plain_value("signature-twice-good-one-last", "multiple_signatures", "0" * 64, GOLDEN_SIGNATURE)
    plain_value("signature-joined-by-a-comma", "multiple_signatures", f"{GOLDEN_SIGNATURE}, {GOLDEN_SIGNATURE}")
    plain_value("signature-joined-by-a-comma-without-space", "multiple_signatures", f"{GOLDEN_SIGNATURE},{'0' * 64}")
    plain_value("signature-with-a-comma-after-it", "multiple_signatures", f"{GOLDEN_SIGNATURE},")

    for name, value in {
        "upper-case-hex": GOLDEN_SIGNATURE.upper(),
        "one-upper-case-digit": GOLDEN_SIGNATURE.replace("f", "F", 1),
        "sha256-prefix": f"sha256={GOLDEN_SIGNATURE}",
        "0x-prefix": f"0x{GOLDEN_SIGNATURE}",
        "63-digits": GOLDEN_SIGNATURE[:-1],
        "65-digits": GOLDEN_SIGNATURE + "0",
        "128-digits": GOLDEN_SIGNATURE * 2,
        "one-digit": "3",
        "64-characters-not-hex": "g" * 64,
        "64-non-ascii-characters": "é" * 64,
        "64-bytes-of-non-ascii-characters": "é" * 32,
        "64-fullwidth-digits": "３" * 64,
        "space-inside": GOLDEN_SIGNATURE[:32] + " " + GOLDEN_SIGNATURE[32:],
        "in-quotes": f'"{GOLDEN_SIGNATURE}"',
        "base64-of-the-digest": base64.b64encode(bytes.fromhex(GOLDEN_SIGNATURE)).decode(),
        "standard-entry-in-the-plain-header": v1(standard_key(SECRET), ID, TIME, BODY),
    }.items():
        plain_value(name, "malformed_signature", value)


def rejected_standard(cases: Cases) -> None:
    both = signed(SECRET, ID, TIME, BODY)
    entry = both[3][1]
    digest = base64.b64decode(entry[3:])

    def value(name, code, signature, **more):
        cases.reject(name, code, with_header(both, "webhook-signature", signature), **more)

    value("standard-one-bit-off", "signature_mismatch", "v1," + base64.b64encode(
        bytes([digest[0] ^ 1]) + digest[1:]).decode())
    value("standard-another-secret", "signature_mismatch", v1(standard_key(OTHER), ID, TIME, BODY))
    value("standard-with-the-whole-secret-as-its-key", "signature_mismatch", v1(SECRET.encode(), ID, TIME, BODY))
    value("standard-with-the-secret-text-as-its-key", "signature_mismatch", v1(SECRET[6:].encode(), ID, TIME, BODY))
    value("standard-with-the-hex-decoded-key", "signature_mismatch", v1(bytes.fromhex(SECRET[6:]), ID, TIME, BODY))
    value("standard-with-an-empty-key", "signature_mismatch", v1(b"", ID, TIME, BODY))
    value("standard-over-the-body-alone", "signature_mismatch",
          "v1," + base64.b64encode(mac(standard_key(SECRET), BODY)).decode())
    value("plain-digest-in-a-v1-entry", "signature_mismatch",
          "v1," + base64.b64encode(bytes.fromhex(GOLDEN_SIGNATURE)).decode())
    value("seventeenth-entry-is-not-looked-at", "signature_mismatch",
          " ".join([v1(standard_key(OTHER), ID, TIME, BODY)] * 16 + [entry]))
    cases.reject("webhook-signature-empty-and-twice", "malformed_signature",
                 [*with_header(both, "webhook-signature", ""), ["webhook-signature", ""]])
    # A good plain signature stands beside each of these, and rescues none.
    value("standard-empty-is-not-absent", "missing_signature", "")
    value("standard-empty-is-not-absent-with-tolerance", "missing_signature", "", tolerance=300)
    for name, signature in {
        "v1a-alone": "v1a," + base64.b64encode(bytes(64)).decode(),
        "later-version-alone": entry.replace("v1", "v2"),
        "version-in-upper-case": entry.replace("v1", "V1"),
        "version-without-comma": entry.replace(",", ""),
        "version-alone": "v1",
        "version-and-comma-alone": "v1,",
        "no-version": entry[3:],
        "plain-digits-in-webhook-signature": GOLDEN_SIGNATURE,
        "plain-digits-in-a-v1-entry": f"v1,{GOLDEN_SIGNATURE}",
        "base64-without-padding": entry.rstrip("="),
        "base64-with-too-much-padding": entry + "=",
        "base64-of-31-bytes": "v1," + base64.b64encode(digest[:31]).decode(),
        "base64-of-33-bytes": "v1," + base64.b64encode(digest + b"\0").decode(),
        "base64-for-urls": "v1," + "-_" * 21 + "8=",
        "base64-with-bits-left-over": f"{entry[:-2]}{chr(ord(entry[-2]) + 1)}=",
    }.items():
        value(name, "malformed_signature", signature)
    cases.reject("bad-standard-is-not-rescued-by-a-good-plain-one", "signature_mismatch",
                 with_header(both, "webhook-signature", v1(standard_key(OTHER), ID, TIME, BODY)))

    def header(name, code, which, new, **more):
        cases.reject(name, code, with_header(both, which, new), **more)

    header("id-missing", "signature_mismatch", "webhook-id", None)
    header("id-empty", "signature_mismatch", "webhook-id", "")
    header("id-forged", "signature_mismatch", "webhook-id", "evt_other")
    header("id-in-another-case", "signature_mismatch", "webhook-id", ID.upper())
    header("timestamp-missing", "missing_timestamp", "webhook-timestamp", None)
    header("timestamp-empty", "missing_timestamp", "webhook-timestamp", "")
    header("timestamp-forged", "signature_mismatch", "webhook-timestamp", str(TIME + 1))
    header("timestamp-forged-within-tolerance", "signature_mismatch", "webhook-timestamp", str(TIME + 600),
           tolerance=300, now=TIME + 600)
    header("timestamp-with-a-zero-before", "signature_mismatch", "webhook-timestamp", f"0{TIME}")
    header("timestamp-malformed-and-not-signed", "signature_mismatch", "webhook-timestamp", "soon")
    cases.reject("id-twice", "signature_mismatch", [*both, ["webhook-id", ID]])
    cases.reject("timestamp-twice", "signature_mismatch", [*both, ["webhook-timestamp", str(TIME)]])
    for name, id in {"id-with-a-dot": "evt.1", "id-empty-but-signed": "", "id-with-a-space": "evt 1",
                     "id-non-ascii": "évt"}.items():
        cases.reject(name, "signature_mismatch", signed(SECRET, id, TIME, BODY))
    # The same bytes are signed: id `evt`, timestamp `1` and body `2.{…` against id `evt.1`, timestamp `2`.
    cases.reject("id-and-timestamp-split-elsewhere", "signature_mismatch", [
        ["webhook-id", "evt.1"], ["webhook-timestamp", "2"],
        standard(SECRET, "evt", 1, b"2." + BODY)[2],
    ])
    own = "my own secret, not from Encrata"
    cases.reject("secret-that-is-no-base64-has-no-standard-key", "signature_mismatch", both, secrets=[own])


def rejected_times(cases: Cases) -> None:
    both = signed(SECRET, ID, TIME, BODY)
    for name, timestamp in {
        "word": "soon", "fraction": "1767225600.0", "exponent": "1e9", "negative": "-1", "plus": "+1767225600",
        "hexadecimal": "0x69558e00", "underscores": "1_767_225_600", "rfc-3339": "2026-01-01T00:00:00Z",
        "of-twenty-digits": "17672256001767225600", "one-over-64-bits": "9223372036854775808",
    }.items():
        cases.reject(f"timestamp-{name}", "malformed_timestamp", signed(SECRET, ID, timestamp, BODY))

    cases.reject("one-second-too-old", "timestamp_too_old", both, tolerance=300, now=TIME + 301)
    cases.reject("one-second-too-new", "timestamp_too_new", both, tolerance=300, now=TIME - 301)
    cases.reject("tolerance-of-zero-one-second-old", "timestamp_too_old", both, tolerance=0, now=TIME + 1)
    cases.reject("timestamp-in-milliseconds", "timestamp_too_new", signed(SECRET, ID, TIME * 1000, BODY),
                 tolerance=300)
    cases.reject("timestamp-at-the-end-of-64-bits", "timestamp_too_new", signed(SECRET, ID, 2**63 - 1, BODY),
                 tolerance=300)
    cases.reject("timestamp-zero-with-tolerance", "timestamp_too_old", signed(SECRET, ID, 0, BODY), tolerance=300)

    # The order: MAC, time, JSON.
    cases.reject("too-old-and-not-ours", "signature_mismatch",
                 with_header(both, "webhook-signature", v1(standard_key(OTHER), ID, TIME, BODY)),
                 tolerance=300, now=TIME + 301)
    cases.reject("too-old-and-no-envelope", "timestamp_too_old", signed(SECRET, ID, TIME, b"{}"), b"{}",
                 tolerance=300, now=TIME + 301)
    cases.reject("no-envelope-and-not-ours", "signature_mismatch", both, b"{}")

    # Replay: whoever has one delivery strips what tells its age.
    late = {"tolerance": 300, "now": TIME + 86400}
    cases.reject("replay-as-it-was", "timestamp_too_old", both, **late)
    cases.reject("replay-with-standard-headers-stripped", "missing_timestamp", both[:1], **late)
    cases.reject("replay-with-webhook-signature-stripped", "missing_timestamp", both[:3], **late)
    cases.reject("replay-with-webhook-signature-stripped-and-a-new-timestamp", "missing_timestamp",
                 [both[0], both[1], ["webhook-timestamp", str(TIME + 86400)]], **late)
    cases.reject("replay-with-a-new-timestamp", "signature_mismatch",
                 with_header(both, "webhook-timestamp", str(TIME + 86400)), **late)
    cases.reject("replay-with-webhook-signature-emptied", "missing_signature",
                 with_header(both, "webhook-signature", ""), **late)
    cases.reject("stripped-within-tolerance", "missing_timestamp", both[:1], tolerance=300)
    cases.reject("stripped-and-twice", "missing_timestamp", [both[0], both[0]], tolerance=300)
    cases.reject("stripped-and-joined", "missing_timestamp",
                 [["x-encrata-signature", f"{GOLDEN_SIGNATURE}, {GOLDEN_SIGNATURE}"]], tolerance=300)
    cases.reject("stripped-and-malformed", "missing_timestamp", [["x-encrata-signature", "abc"]], tolerance=300)
    cases.reject("no-headers-with-tolerance", "missing_signature", [], tolerance=300)


def nested(depth, event) -> bytes:
    """An envelope whose data is an object around arrays, `depth` in all: the envelope itself is one more."""
    value = "[" * (depth - 1) + "]" * (depth - 1)
    return f'{{"created_at":"2026-01-01T00:00:00Z","data":{{"a":{value}}},"event":"{event}"}}'.encode()


def rejected_payloads(cases: Cases) -> None:
    def payload(name, body):
        cases.reject(name, "invalid_payload", signed(SECRET, ID, TIME, body), body)

    payload("non-utf8-body", BODY.replace(b"test webhook", b"\xff\xfe\x80"))
    payload("payload-utf-16", BODY.decode().encode("utf-16"))
    payload("payload-with-half-a-surrogate-pair", BODY.replace(b"test webhook", rb"\ud800"))
    payload("payload-with-half-a-surrogate-pair-overwritten", BODY.replace(b'"event"', rb'"event":"\udc00","event"'))
    payload("payload-nested-128-deep", nested(127, "e"))
    for number in ("1e309", "-1E400", "1.7976931348623159e308", "9" * 400):
        text = b'{"created_at":"2026-01-01T00:00:00Z","data":{"a":%s},"event":"e"}' % number.encode()
        payload(f"payload-with-an-infinite-number-{number[:8]}", text)
    payload("payload-with-byte-order-mark", b"\xef\xbb\xbf" + BODY)
    for name, text in {
        "empty": "", "white-space": " \n", "null": "null", "number": "1", "text": '"test"', "array": "[]",
        "object-without-names": "{}", "word": "test", "cut-off": BODY[:-1].decode(),
        "two-objects": (BODY + BODY).decode(), "trailing-garbage": BODY.decode() + "x",
        "trailing-comma": BODY.decode()[:-1] + ",}",
        "with-a-comment": BODY.decode() + "// no",
        "single-quotes": BODY.decode().replace('"', "'"),
        "nan": '{"created_at":"2026-01-01T00:00:00Z","data":{"a":NaN},"event":"test"}',
        "without-event": '{"created_at":"2026-01-01T00:00:00Z","data":{}}',
        "without-data": '{"created_at":"2026-01-01T00:00:00Z","event":"test"}',
        "without-created-at": '{"data":{},"event":"test"}',
        "event-null": '{"created_at":"2026-01-01T00:00:00Z","data":{},"event":null}',
        "event-number": '{"created_at":"2026-01-01T00:00:00Z","data":{},"event":1}',
        "data-null": '{"created_at":"2026-01-01T00:00:00Z","data":null,"event":"test"}',
        "data-array": '{"created_at":"2026-01-01T00:00:00Z","data":[],"event":"test"}',
        "data-text": '{"created_at":"2026-01-01T00:00:00Z","data":"{}","event":"test"}',
        "created-at-number": '{"created_at":1767225600,"data":{},"event":"test"}',
        "names-in-capitals": '{"Created_At":"2026-01-01T00:00:00Z","Data":{},"Event":"test"}',
    }.items():
        payload(f"payload-{name}", text.encode())


def secrets() -> list:
    """What a constructor takes, and what it refuses with which fault."""
    accept = {
        "issued-form": [SECRET], "no-prefix": [SECRET[6:]], "any-text": ["my own secret"],
        "two": [SECRET, OTHER], "some-unset": [None, SECRET, ""], "quote-inside": ["it's fine"],
    }
    refuse = {
        "none": ([], "missing"), "null": ([None], "missing"), "empty-text": ([""], "missing"),
        "all-unset": ([None, "", None], "missing"),
        "space": ([" "], "blank"), "newline-alone": (["\n"], "blank"), "no-break-space": (["\u00a0"], "blank"),
        "byte-order-mark-alone": (["\ufeff"], "blank"),
        "prefix-alone": (["whsec_"], "only_prefix"),
        "newline-after": ([SECRET + "\n"], "control_character"),
        "crlf-after": ([SECRET + "\r\n"], "control_character"),
        "tab-before": (["\t" + SECRET], "control_character"),
        "nul-inside": ([SECRET[:10] + "\0" + SECRET[10:]], "control_character"),
        "newline-inside": ([SECRET + "\n" + OTHER], "control_character"),
        "delete-inside": ([SECRET[:10] + "\x7f" + SECRET[10:]], "control_character"),
        "space-before": ([" " + SECRET], "surrounding_whitespace"),
        "space-after": ([SECRET + " "], "surrounding_whitespace"),
        "no-break-space-after": ([SECRET + "\u00a0"], "surrounding_whitespace"),
        "byte-order-mark-before": (["\ufeff" + SECRET], "surrounding_whitespace"),
        "double-quotes": ([f'"{SECRET}"'], "surrounding_quotes"),
        "single-quotes": ([f"'{SECRET}'"], "surrounding_quotes"),
        "typographic-quotes": ([f"“{SECRET}”"], "surrounding_quotes"),
        "quote-before-alone": ([f'"{SECRET}'], "surrounding_quotes"),
        "one-bad-among-good": ([SECRET, OTHER + " "], "surrounding_whitespace"),
        "one-blank-among-good": ([SECRET, "  "], "blank"),
    }
    cases = [{"name": name, "secrets": given, "ok": True} for name, given in accept.items()]
    for name, (given, fault) in refuse.items():
        cases.append({"name": name, "secrets": given, "ok": False, "code": "invalid_secret", "fault": fault})
    return cases


def drop_in() -> list:
    """`verify_signature(payload, secret, signature)`, with every trap of the documentation's own snippets."""
    cases = []

    def case(name, signature, ok=False, *, secret=SECRET, body=BODY):
        cases.append({"name": name, **body_field(body), "secret": secret, "signature": signature, "ok": ok})

    case("golden", GOLDEN_SIGNATURE, True)
    case("empty-body", plain(SECRET, b""), True, body=b"")
    case("non-utf8-body", plain(SECRET, b"\xff\x00\x80"), True, body=b"\xff\x00\x80")
    case("body-that-is-no-json", plain(SECRET, b"hello"), True, body=b"hello")
    case("any-text-as-the-secret", plain("Jefe", BODY), True, secret="Jefe")
    case("rfc4231-case-2", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", True,
         secret="Jefe", body=b"what do ya want for nothing?")

    case("header-missing", None)
    case("empty-signature", "")
    case("another-length", GOLDEN_SIGNATURE[:-1])
    case("one-digit", "3")
    case("too-long", GOLDEN_SIGNATURE + GOLDEN_SIGNATURE)
    case("sha256-prefix", "sha256=" + GOLDEN_SIGNATURE)
    case("64-non-ascii-characters", "é" * 64)
    case("64-bytes-of-non-ascii-characters", "é" * 32)
    case("twice-joined-by-a-comma", f"{GOLDEN_SIGNATURE}, {GOLDEN_SIGNATURE}")
    case("upper-case-hex", GOLDEN_SIGNATURE.upper())
    case("newline-after", GOLDEN_SIGNATURE + "\n")
    case("space-before", " " + GOLDEN_SIGNATURE)
    case("nul-after", GOLDEN_SIGNATURE + "\0")
    case("one-bit-off", "2" + GOLDEN_SIGNATURE[1:])
    case("another-body", GOLDEN_SIGNATURE, body=BODY + b"\n")
    case("another-secret", GOLDEN_SIGNATURE, secret=OTHER)
    case("standard-entry", v1(standard_key(SECRET), ID, TIME, BODY))
    # Each of these is the right MAC under a secret that must not be one.
    for name, secret in {
        "empty-secret-forgery": "", "blank-secret-forgery": " ", "newline-secret-forgery": "\n",
        "prefix-secret-forgery": "whsec_", "secret-with-a-newline": SECRET + "\n",
        "secret-with-a-space": SECRET + " ", "secret-in-quotes": f'"{SECRET}"', "secret-with-a-nul": "a\0b",
    }.items():
        case(name, plain(secret, BODY), secret=secret)
    return cases


def signing() -> list:
    """What `sign` gives."""
    empty = b'{"created_at":"2026-01-01T00:00:00Z","data":{},"event":"new.thing"}'
    cases = []
    for name, given, id, timestamp, body in [
        ("golden", [SECRET], ID, TIME, BODY),
        ("two-secrets", [SECRET, OTHER], ID, TIME, BODY),
        ("two-secrets-other-order", [OTHER, SECRET], ID, TIME, BODY),
        ("unset-secrets-are-skipped", [None, SECRET, ""], ID, TIME, BODY),
        ("timestamp-zero", [SECRET], "evt_1", 0, empty),
        ("no-prefix", [SECRET[6:]], "evt_1", TIME, empty),
        ("non-utf8-body", [SECRET], "evt_1", TIME, b"\xff\x00\x80"),
        ("empty-body", [SECRET], "evt_1", TIME, b""),
    ]:
        headers = signed([secret for secret in given if secret], id, timestamp, body)
        cases.append({"name": name, "secrets": given, "id": id, "timestamp": timestamp, **body_field(body),
                      "headers": headers})
    return cases


def sign_refusals() -> list:
    """Ids and secrets that cannot be signed with."""
    ids = {"id-empty": "", "id-with-a-dot": "evt.1", "id-with-a-space": "evt 1", "id-with-a-newline": "evt\n1",
           "id-non-ascii": "évt"}
    cases = [{"name": name, "secrets": [SECRET], "id": id, "timestamp": TIME} for name, id in ids.items()]
    cases.append({"name": "timestamp-negative", "secrets": [SECRET], "id": "evt_1", "timestamp": -1})
    cases.append({"name": "secret-without-a-standard-key", "secrets": ["my own secret"], "id": "evt_1",
                  "timestamp": TIME})
    return cases


def envelopes() -> list:
    """The bytes of a body: compact, the keys sorted at every level, no newline at the end."""
    cases = []
    for name, event, data in [
        ("golden", "test", {"message": "This is a test webhook from Encrata"}),
        ("no-data", "new.thing", {}),
        ("keys-at-every-level", "new.thing", {"b": [{"d": 1, "c": {"f": None, "e": []}}, {}], "a": {"z": 1, "y": 2}}),
        ("capitals-before-small-letters", "new.thing", {"b": 1, "B": 2, "a": 3, "A": 4, "_": 5, "1": 6, "": 7}),
        ("keys-by-code-point-not-by-utf-16", "new.thing", {"\U0001f600": 1, "\uffff": 2, "é": 3, "e": 4}),
        ("numbers", "new.thing", {"least": 1 - 2**53, "most": 2**53 - 1, "zero": 0, "half": 0.5}),
        ("text-that-needs-escapes", "new.thing", {"text": '"\\/\b\f\n\r\t\x01\x1f\x7f'}),
        ("text-that-needs-none", "new.thing", {"text": "<b>é\u2028\u2029\U0001f600</b>&'"}),
    ]:
        envelope = {"event": event, "data": data, "created_at": "2026-01-01T00:00:00Z"}
        body = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        cases.append({"name": name, **envelope, "body": body})
    return cases


def rfc4231() -> list:
    """RFC 4231, section 4, without case 5, whose output is truncated."""
    data = {
        1: ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        2: (b"Jefe".hex(), b"what do ya want for nothing?".hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        3: ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        4: (bytes(range(1, 26)).hex(), "cd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        6: ("aa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First".hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        7: ("aa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. The key "
                        b"needs to be hashed before being used by the HMAC algorithm.".hex(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    }
    return [{"name": f"rfc4231-case-{number}", "comment": "RFC 4231, section 4", "key_hex": key, "message_hex": message,
             "signature": signature, "ok": True} for number, (key, message, signature) in data.items()]


def verification() -> list:
    cases = Cases()
    for part in (accepted, rejected_signatures, rejected_standard, rejected_times, rejected_payloads):
        part(cases)
    return cases.all


ERRORS = {
    "invalid_secret": 500, "wasm_unavailable": 500, "body_not_raw": 500, "body_too_large": 413,
    "missing_signature": 401, "multiple_signatures": 401, "malformed_signature": 401, "missing_timestamp": 401,
    "malformed_timestamp": 401, "signature_mismatch": 401, "timestamp_too_old": 401, "timestamp_too_new": 401,
    "invalid_payload": 400,
}
