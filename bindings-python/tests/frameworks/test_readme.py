"""Each block of the README's frameworks is run, and receives."""

import re
from pathlib import Path

import pytest
from deliveries import BODY, SECRET, signed
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
    "AWS Lambda": (LambdaMount(api_gateway_rest), lambda names: names["lambda_handler"]),
    "Options": (MOUNTS["asgi"], lambda names: names["app"]),
}


def test_all_blocks_are_run():
    assert ASKED.keys() <= BLOCKS.keys()
    assert len(re.findall("from encrata_webhooks\\.", README)) == len(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_it_receives(name, capsys, monkeypatch):
    monkeypatch.setenv("ENCRATA_WEBHOOK_SECRET", SECRET)
    names = {"__name__": "block"}
    exec(compile(BLOCKS[name], f"README.md, {name}", "exec"), names)
    mount, of = ASKED[name]
    send = mount.client(of(names))
    assert send(signed()._replace(body=BODY + b" ")).status == 401
    assert capsys.readouterr().out == ""
    assert send(signed()).status == 204
    assert capsys.readouterr().out.startswith("evt_1")
