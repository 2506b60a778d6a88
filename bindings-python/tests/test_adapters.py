"""What adapters are without any framework."""

import subprocess
import sys

import pytest
from conftest import BODY, SECRET

import encrata_webhooks


def test_nothing_of_them_is_imported_with_the_package():
    code = "import encrata_webhooks, sys; print([name for name in sys.modules if name.startswith('encrata_webhooks.')])"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "['encrata_webhooks._native']"


def test_those_that_need_no_framework_receive():
    from encrata_webhooks import aws_lambda, wsgi

    headers = encrata_webhooks.Webhook(SECRET).sign(BODY, id="evt_1")
    seen = []
    handle = aws_lambda.webhook_handler(secret=SECRET)(lambda event, request, context: seen.append(event.id))
    assert handle({"headers": headers, "body": BODY.decode()}, None)["statusCode"] == 204
    app = wsgi.webhook_handler(secret=SECRET)(lambda event, environ: seen.append(event.id))
    started = []
    app({}, lambda status, headers: started.append(status))
    assert (seen, started) == (["evt_1"], ["401 Unauthorized"])


@pytest.mark.parametrize("name", ["aiohttp", "django", "fastapi", "flask"])
def test_the_others_name_what_is_missing(name):
    code = f"import encrata_webhooks.{name}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    wanted = "starlette" if name == "fastapi" else name
    assert f"No module named '{wanted}'" in run.stderr
