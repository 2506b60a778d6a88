"""Subinterpreters: those that share the lock work, those with one of their own are refused by Python or PyO3."""

import subprocess
import sys

import pytest

CREATE = """
import sys
sys.path[:] = {path!r}
if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    create = lambda own: interpreters.create("isolated" if own else "legacy")
else:
    import _xxsubinterpreters as interpreters
    create = lambda own: interpreters.create(isolated=own)
def run(code, own=False):
    failure = interpreters.run_string(create(own), "import sys; sys.path[:] = " + repr(sys.path) + chr(10) + code)
    if failure is not None:
        raise RuntimeError(str(failure))
"""
USE = '''
import encrata_webhooks as e
w = e.Webhook("whsec_6cce5d54", tolerance=300)
body = '{"created_at":"t","data":{"message":"m"},"event":"test"}'
assert w.verify(body, w.sign(body)).data.message == "m"
assert isinstance(w.verify(body, w.sign(body)), e.TestEvent)
try:
    w.verify(body + " ", w.sign(body))
except e.WebhookVerificationError as error:
    assert isinstance(error, e.SignatureMismatchError) and error.code == "signature_mismatch"
else:
    raise AssertionError
'''


def run(code):
    script = CREATE.format(path=sys.path) + code
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("first", ["", USE], ids=["first in the other", "first in the main one"])
def test_those_that_share_the_lock(first):
    done = run(f"{first}\nrun({USE!r})\nrun({USE!r})\n{USE}")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 all share one lock")
def test_those_with_their_own():
    done = run(f"run({USE!r}, own=True)")
    assert "does not support loading in subinterpreters" in done.stderr
    assert done.returncode == 1, "refused, and not crashed"
