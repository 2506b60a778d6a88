"""Writes vectors.json, or with --check compares it; then lets our core and the published libraries read each other.

Called by ../check.sh and ../generate.sh, which install what this needs.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import cases
from scheme import standard

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors.json"

COMMENT = [
    "Test vectors of Encrata's webhook signatures, one file for every language; made by generate/, never by hand.",
    "Each `name` is unique in its section, and tells the case's source or its oddity.",
    "A body is text in `body` (its UTF-8 bytes) or, if it is none, `body_base64`. `null` among secrets is an unset one,",
    "as a signature a missing header; where a language cannot say that, skip the case. Headers are a list of pairs, so",
    "that one can be there twice; some values are not ASCII, which not every type for headers can hold. Times are Unix",
    "seconds; a `tolerance` of null is none.",
    "`cases`: a whole verification. `event.known` is false when name or data are not as this version knows them.",
    "`secrets`: what a constructor takes. `verify_signature`: the drop-in. `sign`: the headers of a message, and",
    "`sign_refused`: what is refused. `envelope`: the bytes of a body. `standard`: messages signed by the published",
    "Standard Webhooks libraries. `hmac`: raw HMAC-SHA256, the keys are bytes. `errors`: every code with the HTTP status that adapters answer.",
]


def run(command: list, messages: "list | None" = None) -> list:
    given = None if messages is None else json.dumps(messages)
    return json.loads(subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout)


def libraries(modules: Path, helper: Path) -> dict:
    """The published libraries, each as the command to which `sign` or `verify` is added."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    npm = lock["packages"]["node_modules/standardwebhooks"]["version"]
    pypi = (HERE / "requirements.txt").read_text().strip().split("==")[1]
    crate = next(line for line in (HERE / "helper/Cargo.toml").read_text().splitlines() if "standardwebhooks" in line)
    return {
        f"npm standardwebhooks {npm}": ["node", str(HERE / "standard.mjs"), str(modules)],
        f"PyPI standardwebhooks {pypi}": [sys.executable, str(HERE / "standard.py")],
        f"crates.io standardwebhooks {crate.split('=')[-1].strip(chr(34))}": [str(helper), "standardwebhooks"],
    }


def messages(timestamp: int) -> list:
    """What the libraries sign. They take text only, so all bodies are UTF-8."""
    bodies = {
        "golden": cases.BODY.decode(),
        "empty-object": "{}",
        "unicode": '{"created_at":"2026-01-01T00:00:00Z","data":{"message":"tést 😀"},"event":"test"}',
        "many-blocks": json.dumps({"data": "x" * 1000}),
    }
    keys = {
        "": cases.SECRET,
        "-other-secret": cases.OTHER,
        "-secret-without-prefix": cases.SECRET.removeprefix("whsec_"),
        "-secret-of-24-bytes": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "-secret-of-64-bytes": "whsec_" + "QUFB" * 21 + "QQ==",
        "-secret-of-65-bytes": "whsec_" + "QUFB" * 21 + "QUE=",
        "-secret-of-192-bytes": "whsec_" + "+/+/" * 64,
    }
    return [
        {"name": name + suffix, "secret": secret, "id": f"evt_{name}", "timestamp": timestamp, "body": body}
        for name, body in bodies.items()
        for suffix, secret in keys.items()
    ]


def signed_by_libraries(commands: dict) -> list:
    given = messages(cases.TIME)
    entries = []
    for library, command in commands.items():
        for message, headers in zip(given, run([*command, "sign"], given), strict=True):
            expected = standard(message["secret"], message["id"], message["timestamp"], message["body"].encode())
            assert headers == expected, f"{library} signs {message['name']} otherwise: {headers}, not {expected}"
            name = f"{library.split()[0].lower()}-{message['name']}"
            entries.append({**message, "name": name, "library": library, "signature": headers[2][1]})
    return entries


def envelopes(helper: Path) -> list:
    given = cases.envelopes()
    for case, body in zip(given, run([str(helper), "ours", "envelope"], given), strict=True):
        assert body == case["body"], f"our core writes {case['name']} otherwise: {body}"
    return given


def build(commands: dict, helper: Path) -> str:
    vectors = {
        "_comment": COMMENT,
        "errors": [{"code": code, "http_status": status} for code, status in cases.ERRORS.items()],
        "cases": cases.verification(),
        "secrets": cases.secrets(),
        "verify_signature": cases.drop_in(),
        "sign": cases.signing(),
        "sign_refused": cases.sign_refusals(),
        "envelope": envelopes(helper),
        "standard": signed_by_libraries(commands),
        "hmac": cases.rfc4231() + run([str(helper), "wycheproof"]),
    }
    for section, entries in vectors.items():
        names = [entry["name"] for entry in entries if isinstance(entry, dict) and "name" in entry]
        assert len(names) == len(set(names)), f"{section}: a name comes twice"
    # One case a line: a change shows as the lines of the cases that changed.
    lines = ["{"]
    for section, entries in vectors.items():
        rows = ",\n".join(f"    {json.dumps(entry, ensure_ascii=True)}" for entry in entries)
        lines.append(f"  {json.dumps(section)}: [\n{rows}\n  ],")
    lines[-1] = lines[-1].rstrip(",")
    return "\n".join([*lines, "}", ""])


def agree(commands: dict, helper: Path) -> None:
    """Each library verifies what we sign, and we verify what it signs, now: they all look at the clock."""
    ours = [str(helper), "ours"]
    given = messages(int(time.time()))
    for library, command in commands.items():
        for signer, verifier in ((ours, command), (command, ours)):
            signed = run([*signer, "sign"], given)
            answers = run([*verifier, "verify"], [{**m, "headers": h} for m, h in zip(given, signed, strict=True)])
            assert answers == [True] * len(given), f"{library}: {answers}"
        print(f"agreement: {library} verifies our {len(given)} messages, and we verify its {len(given)}")


def main() -> int:
    modules, helper, *options = sys.argv[1:]
    modules, helper = Path(modules), Path(helper)
    commands = libraries(modules, helper)
    text = build(commands, helper)
    counts = ", ".join(f"{len(v)} {k}" for k, v in json.loads(text).items() if k != "_comment")
    if "--check" not in options:
        VECTORS.write_text(text)
        print(f"wrote {VECTORS}: {counts}")
    elif not VECTORS.exists() or VECTORS.read_text() != text:
        print("tests/vectors/vectors.json is not what tests/vectors/generate/ gives; run\n  tests/vectors/generate.sh",
              file=sys.stderr)
        return 1
    else:
        print(f"vectors.json is current: {counts}")
    agree(commands, helper)
    return 0


sys.exit(main())
