"""The examples as a reader copies them: each started by its README's command, and sent a delivery."""

import http.client
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from deliveries import BODY, PATH, SECRET, signed

EXAMPLES = Path(__file__).parents[3] / "examples"
STOP_TIMEOUT_S = 20
FORGED = signed()._replace(body=BODY + b" ")


def post(port, delivery):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STOP_TIMEOUT_S)
    connection.request("POST", PATH, delivery.body, delivery.headers)
    return connection.getresponse().status


@pytest.mark.parametrize("name", ["fastapi", "flask", "django"])
def test_it_receives(name):
    readme = (EXAMPLES / name / "README.md").read_text("utf-8")
    [command] = re.findall(r"`ENCRATA_WEBHOOK_SECRET=whsec_… (.*?) 3000`", readme)
    program, *rest = command.split()
    # A free port, and one process.
    words = [str(Path(sys.executable).with_name(program)), *rest, "0", *(["--noreload"] if name == "django" else [])]
    own = {"ENCRATA_WEBHOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    pipes = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(words, cwd=EXAMPLES / name, env={**os.environ, **own}, **pipes)
    try:
        found = (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in process.stdout)
        port = int(next(match for match in found if match)[1])
        assert [post(port, FORGED), post(port, signed())] == [401, 204]
        assert "héllo" in next(line for line in process.stdout if line.startswith("evt_1 test "))
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        process.stdout.close()


def test_the_lambda_receives(monkeypatch, capsys):
    monkeypatch.setenv("ENCRATA_WEBHOOK_SECRET", SECRET)
    handle = runpy.run_path(str(EXAMPLES / "python-lambda" / "lambda_function.py"))["lambda_handler"]
    requests = [{"headers": headers, "body": body.decode()} for headers, body in (FORGED, signed())]
    assert [handle(request, None)["statusCode"] for request in requests] == [401, 204]
    assert capsys.readouterr().out.startswith("evt_1 test ")


def test_examples_are_short():
    for name in ("fastapi", "flask", "django", "python-lambda"):
        assert sum(len(file.read_text("utf-8").splitlines()) for file in (EXAMPLES / name).glob("*.py")) <= 40
