"""What the documents show is run."""

import ast
import doctest
import os
import re
import sys
from pathlib import Path

import pytest
from conftest import BODY, SECRET, SIGNATURE

import encrata_webhooks

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
# Those with a framework are run where the frameworks are.
BLOCKS = [
    block
    for block in re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    if "from encrata_webhooks." not in block
]
STUBS = sorted(Path(encrata_webhooks.__file__).parent.glob("*.pyi"))


def run(block):
    if "match " in block and sys.version_info < (3, 10):
        pytest.skip("match is newer than this Python")
    names = {"__name__": "block"}
    exec(compile(block, "README.md", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setitem(os.environ, "ENCRATA_WEBHOOK_SECRET", SECRET)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_blocks(block):
    names = run(block)
    webhook = encrata_webhooks.Webhook(SECRET)
    headers = webhook.sign(BODY)
    if "receive" in names:
        assert names["receive"](BODY, headers) == 204
        assert names["receive"](BODY, {}) == 401
    if "is_genuine" in names:
        assert names["is_genuine"](BODY, {"X-Encrata-Signature": SIGNATURE})
        assert not names["is_genuine"](BODY, {})
    if "explain" in names:
        assert names["explain"](BODY, headers).startswith("match: ")
    if "handle" in names:
        assert names["handle"](webhook.verify(BODY, headers)) == "test"
        unknown = encrata_webhooks.UnknownEvent(event="new", data={"a": 1}, created_at="")
        assert names["handle"](unknown) == "new: {'a': 1}"


def test_there_are_blocks():
    assert len(BLOCKS) >= 8


def test_codes_are_those_of_the_classes():
    rows = re.findall(r"^\| (`.*?`) \| (\d+) \|", README, re.MULTILINE)
    listed = {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}
    classes = encrata_webhooks.WebhookVerificationError.__subclasses__()
    assert listed == {class_.code: class_.status for class_ in classes}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="they use match")
@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.name)
def test_examples_in_stubs(stub):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(stub.read_text(encoding="utf-8"))) if isinstance(node, documented)]
    texts = [text for text in map(ast.get_docstring, nodes) if text and ">>>" in text]
    assert texts or stub.name == "events.pyi"
    for text in texts:
        test = doctest.DocTestParser().get_doctest(text, dict(vars(encrata_webhooks)), stub.name, str(stub), 0)
        assert doctest.DocTestRunner().run(test).failed == 0
