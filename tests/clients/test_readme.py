"""The receivers in the README run as they stand there, and verify."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator

import pytest
from standardwebhooks import Webhook

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "clients"
SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
BODY = b'{"created_at":"2026-01-01T00:00:00Z","data":{"email":"a@b.c","lookup_id":"lu_1"},"event":"lookup.completed"}'


def block(language: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"test_readme\.py -->\n```{language}\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1, f"the README has {len(found)} blocks of {language} to run"
    return found[0]


@pytest.fixture(params=["js", "python"])
def receiver(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a running receiver, made of the README's block."""
    if request.param == "js":
        # Beside the installed package, where node looks for it.
        script = WORK / "node" / "readme.mjs"
        command = ["node", str(script)]
    else:
        script = WORK / "readme.py"
        command = [sys.executable, str(script)]
    script.write_text(block(request.param), encoding="utf-8")
    env = {**os.environ, "ENCRATA_WEBHOOK_SECRET": SECRET, "PORT": "0"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), f"{request.param} said {line!r}"
            yield f"http://127.0.0.1:{line.split()[-1]}/"
        finally:
            process.kill()


def post(url: str, body: bytes, signature: str, timestamp: int) -> int:
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
        "content-type": "application/json",
    }
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def sign(timestamp: int) -> str:
    at = datetime.fromtimestamp(timestamp, tz=timezone.utc)
    return str(Webhook(SECRET).sign("evt_1", at, BODY.decode()))


def test_the_receivers_of_the_readme(receiver: str) -> None:
    now = int(time.time())
    assert post(receiver, BODY, sign(now), now) == 204
    assert post(receiver, BODY + b" ", sign(now), now) == 401, "another body"
    assert post(receiver, BODY, "v1,AAAA", now) == 401, "another signature"
    assert post(receiver, BODY, sign(now - 3600), now - 3600) == 401, "an hour old"
