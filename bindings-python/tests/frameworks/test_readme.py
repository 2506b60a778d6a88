"""Each block of the README's frameworks, and each example in an adapter's own text, is run, and receives."""

import importlib
import re
import textwrap
from pathlib import Path
from typing import Annotated

import fastapi
import flask
import pytest
from aiohttp import web
from deliveries import BODY, SECRET, signed
from django.urls import path
from mounts import MOUNTS, Urls, api_gateway_rest
from mounts import Lambda as LambdaMount

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = dict(
    re.findall(r"^### ([^\n]+)\n+```python\n(.*?)^```$", README.partition("## Frameworks")[2], re.MULTILINE | re.DOTALL)
)
# How each is asked, and what of it.
ASKED = {
    "FastAPI": (MOUNTS["fastapi"], lambda names: names["app"]),
    "Starlette, and ASGI": (MOUNTS["starlette"], lambda names: names["app"]),
    "Flask": (MOUNTS["flask"], lambda names: names["app"]),
    "Django": (MOUNTS["django"], lambda names: Urls(names["receive"])),
    "aiohttp": (MOUNTS["aiohttp"], lambda names: names["receive"]),
    "WSGI": (MOUNTS["wsgi"], lambda names: names["app"]),
    "AWS Lambda": (LambdaMount(api_gateway_rest), lambda names: names.get("lambda_handler") or names["handler"]),
    "Options": (MOUNTS["asgi"], lambda names: names["app"]),
}
# The module of each, and what its text takes for granted.
TEXTS = [
    ("FastAPI", "fastapi", {"app": fastapi.FastAPI(), "Annotated": Annotated, "Depends": fastapi.Depends}),
    ("Options", "asgi", {}),
    ("Flask", "flask", {"app": flask.Flask(__name__)}),
    ("Django", "django", {"path": path}),
    ("aiohttp", "aiohttp", {"app": web.Application()}),
    ("WSGI", "wsgi", {}),
    ("AWS Lambda", "aws_lambda", {}),
]


def test_all_blocks_are_run():
    assert ASKED.keys() <= BLOCKS.keys()
    assert len(re.findall("from encrata_webhooks\\.", README)) == len(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_it_receives(name, capsys, monkeypatch):
    monkeypatch.setenv("ENCRATA_WEBHOOK_SECRET", SECRET)
    check(name, BLOCKS[name], {}, capsys)


@pytest.mark.parametrize("name, module, names", TEXTS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_adapters_own_text_receives(name, module, names, capsys, monkeypatch):
    monkeypatch.setenv("ENCRATA_WEBHOOK_SECRET", SECRET)
    text = importlib.import_module(f"encrata_webhooks.{module}").__doc__
    check(name, textwrap.dedent(text.partition("\n\n")[2]), names, capsys)


def check(name, block, names, capsys):
    names = {"__name__": "block", **names}
    exec(compile(block, name, "exec"), names)
    mount, of = ASKED[name]
    send = mount.client(of(names))
    assert send(signed()._replace(body=BODY + b" ")).status == 401
    assert capsys.readouterr().out == ""
    assert send(signed()).status == 204
    assert capsys.readouterr().out.startswith("evt_1")
