"""Over real connections: from `encrata-webhooks serve`, and what only shows where bytes come one after the other."""

import http.client
import json
import os
import queue
import select
import socket
import sys
import urllib.request
from pathlib import Path

import pytest
import trustme
from deliveries import BODY, OTHER, PATH, SECRET, signed
from servers import SERVED, Certificate

from encrata_webhooks import LookupCompleted

sys.path.append(str(Path(__file__).parents[3] / "tests" / "clients"))
from support.server import Server  # noqa: E402

TIMEOUT_S = 20
LARGE_BYTES = 64 * 1024 * 1024
# Buffers of both ends, and the server's own.
READ_AT_MOST_BYTES = 16 * 1024 * 1024


def each(wanted=lambda served: True):
    """A test for every framework on its server that is wanted."""
    found = {name: served for name, served in SERVED.items() if wanted(served)}
    return pytest.mark.parametrize("served", found.values(), ids=found.keys())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The authority's file, and the receiver's certificate."""
    directory, ca = tmp_path_factory.mktemp("certificates"), trustme.CA()
    ca.cert_pem.write_to_path(directory / "ca.pem")
    receiver = directory / "receiver.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(receiver)
    return directory / "ca.pem", Certificate(str(receiver), str(receiver))


@pytest.fixture(scope="module")
def ask(certificates, tmp_path_factory):
    """Asks a running `encrata-webhooks serve`, as the admin of a workspace."""
    binary = Path(os.environ["ENCRATA_WEBHOOKS_BIN"])
    options = ("--webhook-rate-limit", "0")
    with Server(binary, tmp_path_factory.mktemp("server"), certificates[0], *options) as server:
        key = server.create_key("workspace", "admin")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

        def post(path, body):
            request = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return json.load(response)

        yield post


@each()
def test_it_receives_from_the_real_server(served, ask, certificates):
    seen, secrets = [], []
    app = served.mount.app(seen.append, secret=lambda request: secrets)
    with served.serve(app, certificates[1]) as port:
        made = ask("/api/webhooks", {"url": f"https://127.0.0.1:{port}{PATH}", "events": ["lookup.completed"]})
        secrets.append(made["secret"])
        sent = ask("/api/webhooks/test", {"id": made["id"], "event": "lookup.completed"})
        assert (sent["status"], sent["status_code"]) == ("delivered", 204), sent
        [event] = seen
        assert isinstance(event, LookupCompleted)
        assert event.id and event.data.extra == {"test": True}
        # After a rotation both secrets sign.
        secrets[:] = [ask("/api/webhooks/rotate", {"id": made["id"]})["secret"]]
        assert ask("/api/webhooks/test", {"id": made["id"]})["status_code"] == 204
        secrets[:] = [OTHER]
        refused = ask("/api/webhooks/test", {"id": made["id"]})
        assert (refused["status_code"], json.loads(refused["response_body"])) == (
            401, {served.mount.error_key: "signature_mismatch"},
        )  # fmt: skip


def connect(port):
    return socket.create_connection(("127.0.0.1", port), TIMEOUT_S)


def head(delivery, **framing):
    headers = {"host": "localhost", **delivery.headers, **framing}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode()


def answer(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def check_over_limit(served, told, **framing):
    on_error = lambda *given: told.append(given)  # noqa: E731
    app = served.mount.app(lambda event: pytest.fail("called"), secret=SECRET, on_error=on_error)
    piece = bytes(64 * 1024)
    piece = piece if "content_length" in framing else b"10000\r\n" + piece + b"\r\n"
    with served.serve(app) as port, connect(port) as connection:
        connection.sendall(head(signed(), **framing))
        sent = 0
        while sent < LARGE_BYTES and not select.select([connection], [], [], 0)[0]:
            try:
                sent += connection.send(piece)
            except ConnectionError:
                break
        assert sent < READ_AT_MOST_BYTES
        assert answer(connection)[0] == 413
    assert [code for code, *_ in told] == ["body_too_large"]


@each(lambda served: served.streams)
def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(served, told):
    check_over_limit(served, told, content_length=LARGE_BYTES)


@each(lambda served: served.streams and served.is_chunked)
def test_a_body_over_the_limit_without_a_length_is_refused_before_it_is_read_whole(served, told):
    check_over_limit(served, told, transfer_encoding="chunked")


@each(lambda served: served.streams)
def test_a_sender_that_goes_away_in_the_middle_is_told_of_and_ends_nothing(served):
    told = queue.SimpleQueue()
    app = served.mount.app(lambda event: None, secret=SECRET, on_error=lambda *given: told.put(given))
    with served.serve(app) as port:
        with connect(port) as connection:
            connection.sendall(head(signed(), content_length=1000) + b"{")
        code, claimed_id, _ = told.get(timeout=TIMEOUT_S)
        assert (code, claimed_id) == ("body_incomplete", "evt_1")
        with connect(port) as connection:
            connection.sendall(head(signed(), content_length=len(BODY)) + BODY)
            assert answer(connection) == (204, b"")


@each()
def test_a_body_that_comes_in_pieces_is_put_together(served):
    with served.serve(served.mount.app(lambda event: None, secret=SECRET)) as port, connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head(signed(), content_length=len(BODY)))
        for byte in BODY:
            connection.sendall(bytes([byte]))
        assert answer(connection) == (204, b"")


@each(lambda served: served.is_chunked)
def test_a_body_without_a_length_is_put_together(served):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
    with served.serve(served.mount.app(lambda event: None, secret=SECRET)) as port, connect(port) as connection:
        connection.sendall(head(signed(), transfer_encoding="chunked") + chunks)
        assert answer(connection) == (204, b"")
