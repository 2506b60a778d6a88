"""Everything that receivers verify deliveries with, each a command: JSON lines in, a verdict per line out."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .receiver import Delivery

TIMEOUT_S = 60
HERE = Path(__file__).resolve().parent.parent
# Where run.sh builds what has to be built.
WORK = HERE.parent.parent / "target" / "clients"
GO = WORK / "go/verify"


@dataclass(frozen=True)
class Question:
    """Does this delivery verify with this secret?"""

    name: str
    delivery: Delivery
    secret: str

    def line(self) -> str:
        body = base64.b64encode(self.delivery.body).decode()
        question = {"body_base64": body, "headers": self.delivery.headers, "secret": self.secret}
        # What a verifier takes that is told more than one of each, and a tolerance.
        more = {"header_list": self.delivery.header_list, "secrets": [self.secret], "tolerance": 300}
        return json.dumps({**question, **more}) + "\n"


@dataclass(frozen=True)
class Verifier:
    """One verifier. A `standard` one reads webhook-signature, the others X-Encrata-Signature."""

    name: str
    standard: bool
    command: tuple[str, ...]

    def verdicts(self, questions: list[Question]) -> dict[str, str]:
        """`accepted` or `refused`, by the question's name."""
        lines = "".join(question.line() for question in questions)
        ran = subprocess.run(self.command, input=lines, capture_output=True, text=True, timeout=TIMEOUT_S)
        assert ran.returncode == 0, f"{self.name} failed: {ran.stderr}"
        verdicts = ran.stdout.split()
        names = [question.name for question in questions]
        assert len(verdicts) == len(names) == len(set(names)), f"{self.name} lost count: {ran.stdout}"
        return dict(zip(names, verdicts))


VERIFIERS = [
    Verifier("snippet-python", False, (sys.executable, str(HERE / "snippets/verify.py"))),
    Verifier("snippet-node", False, ("node", str(HERE / "snippets/verify.mjs"))),
    Verifier("snippet-go", False, (str(GO), "published")),
    Verifier("go-verify-signature", False, (str(GO), "verifySignature")),
    Verifier("go-verify", True, (str(GO), "verify")),
    Verifier("standardwebhooks-pypi", True, (sys.executable, str(HERE / "python/verify.py"))),
    Verifier("standardwebhooks-npm", True, ("node", str(WORK / "node/verify.mjs"))),
    Verifier("standardwebhooks-crates", True, (str(WORK / "cargo/debug/clients-rust"),)),
]
