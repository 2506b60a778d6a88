"""An HTTPS receiver that keeps what came, byte for byte."""

from __future__ import annotations

import ssl
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Callable

import trustme

WAIT_TIMEOUT_S = 20


@dataclass(frozen=True)
class Delivery:
    """One request. Names of headers are in lower case."""

    method: str
    path: str
    header_list: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.header_list)


@dataclass(frozen=True)
class Answer:
    """What a delivery is answered with, not before the gate opens."""

    status: int = 200
    body: bytes = b"thanks"
    gate: threading.Event | None = None


class Receiver:
    """Serves on a free port of 127.0.0.1 from `with` to the end of it."""

    def __init__(self, ca: trustme.CA) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("127.0.0.1").configure_cert(context)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        # The handshake belongs to the connection's own thread.
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._changed = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._answers: dict[str, deque[Answer]] = {}

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def endpoint(self) -> Endpoint:
        """A path of its own."""
        return Endpoint(self, f"/{uuid.uuid4()}", self._http.server_address[1])

    def keep(self, delivery: Delivery) -> Answer:
        with self._changed:
            self._deliveries.append(delivery)
            self._changed.notify_all()
            answers = self._answers.get(delivery.path)
            return answers.popleft() if answers else Answer()

    def plan(self, path: str, answers: tuple[Answer, ...]) -> None:
        with self._changed:
            self._answers[path] = deque(answers)

    def wait(self, wanted: Callable[[Delivery], bool], count: int) -> list[Delivery]:
        """The deliveries that are wanted, once there are so many."""
        found: list[Delivery] = []

        def enough() -> bool:
            found[:] = filter(wanted, self._deliveries)
            return len(found) >= count

        with self._changed:
            came = self._changed.wait_for(enough, WAIT_TIMEOUT_S)
        assert came, f"{len(found)} of {count} deliveries came within {WAIT_TIMEOUT_S} s"
        return found


@dataclass(frozen=True)
class Endpoint:
    """A path of the receiver, to register as one webhook's URL."""

    receiver: Receiver
    path: str
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}{self.path}"

    def answer(self, *answers: Answer) -> None:
        """Answers the next deliveries so; all others with 200."""
        self.receiver.plan(self.path, answers)

    def wait(self, count: int = 1) -> list[Delivery]:
        """All deliveries, once there are so many."""
        return self.wait_until(lambda _: True, count)

    def wait_for(self, event_id: str, count: int = 1) -> list[Delivery]:
        """All deliveries of an event, once there are so many."""
        return self.wait_until(lambda delivery: delivery.headers["webhook-id"] == event_id, count)

    def wait_until(self, wanted: Callable[[Delivery], bool], count: int = 1) -> list[Delivery]:
        """All deliveries that are wanted, once there are so many."""
        return self.receiver.wait(lambda came: came.path == self.path and wanted(came), count)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.keep(Delivery(self.command, self.path, headers, body))
            if answer.gate is not None:
                answer.gate.wait(WAIT_TIMEOUT_S)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Deliveries are asserted on, not logged."""

    return Handler
