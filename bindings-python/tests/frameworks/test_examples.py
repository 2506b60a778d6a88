"""The examples as a reader copies them: each started by its README's command, and sent a delivery."""

import http.client
import importlib.util
import os
import re
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
    [command] = re.findall(r"`ENCRATA_WEBHOOK_SECRET=whsec_… (.*?) 3000`", (EXAMPLES / name / "README.md").read_text("utf-8"))
    program, *rest = command.split()
    # A free port, and one process.
    words = [str(Path(sys.executable).with_name(program)), *rest, "0", *(["--noreload"] if name == "django" else [])]
    surroundings = {**os.environ, "ENCRATA_WEBHOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        words, cwd=EXAMPLES / name, env=surroundings, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
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
    spec = importlib.util.spec_from_file_location("lambda_function", EXAMPLES / "python-lambda" / "lambda_function.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ask = lambda delivery: module.lambda_handler({"headers": delivery.headers, "body": delivery.body.decode()}, None)  # noqa: E731
    assert [ask(delivery)["statusCode"] for delivery in (FORGED, signed())] == [401, 204]
    assert capsys.readouterr().out.startswith("evt_1 test ")


def test_examples_are_short():
    for name in ("fastapi", "flask", "django", "python-lambda"):
        assert sum(len(file.read_text("utf-8").splitlines()) for file in (EXAMPLES / name).glob("*.py")) <= 40
