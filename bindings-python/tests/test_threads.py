"""Many threads, one receiver; and who may run meanwhile."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import BODY, OTHER, SECRET

from encrata_webhooks import SignatureMismatchError, Webhook, verify_signature


def test_one_receiver_for_all_threads():
    webhook = Webhook([SECRET, OTHER], tolerance=300)
    senders = [Webhook(SECRET), Webhook(OTHER)]

    def deliver(number):
        body = BODY.replace(b"Encrata", b"x" * (number % 4000))
        headers = senders[number % 2].sign(body, id=f"evt_{number}")
        assert webhook.verify(body, headers).id == f"evt_{number}"
        assert verify_signature(body, (SECRET, OTHER)[number % 2], headers["x-encrata-signature"])
        with pytest.raises(SignatureMismatchError):
            webhook.verify(body + b" ", headers)
        return number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(deliver, range(2000))) == list(range(2000))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("name", ["verify_signature", "authenticate", "verify", "sign"])
def test_others_run_while_a_large_body_is_hashed(kind, name):
    """Python takes the lock from no thread here, so the main one runs only when the other lets go of it."""
    body = kind(b" " * 10_000_000 + BODY)
    webhook = Webhook(SECRET)
    headers = webhook.sign(body)
    call = {
        "verify_signature": lambda: verify_signature(body, SECRET, headers["x-encrata-signature"]),
        "authenticate": lambda: webhook.authenticate(body, headers),
        "verify": lambda: webhook.verify(body, headers),
        "sign": lambda: webhook.sign(body),
    }[name]
    # A busy machine may let the main thread wait until it is over.
    assert any(runs_meanwhile(call) for _ in range(10))


def runs_meanwhile(call):
    """Whether this thread runs before the call of another is over."""
    started, done = threading.Event(), []

    def work():
        started.set()
        done.append(bool(call()))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(100)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        started.wait()
        was_done = bool(done)
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert done == [True]
    return not was_done
