"""A workspace with its keys, and what is asked of it beyond the published clients."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, TypeVar

import httpx

from .server import Server

EVENTS = (
    "lookup.completed",
    "monitor.run.completed",
    "apikey.created",
    "apikey.revoked",
    "credits.low",
    "credits.exhausted",
)

SETTLE_TIMEOUT_S = 10
POLL_INTERVAL_S = 0.02

T = TypeVar("T")


@dataclass(frozen=True)
class Workspace:
    """A workspace of its own on a server."""

    server: Server
    name: str
    admin_key: str
    publisher_key: str

    @classmethod
    def create(cls, server: Server, name: str) -> Workspace:
        return cls(server, name, server.create_key(name, "admin"), server.create_key(name, "publisher"))

    def key(self, role: str) -> str:
        return self.server.create_key(self.name, role)


class Operations:
    """The calls that the published clients do not have."""

    def __init__(self, workspace: Workspace) -> None:
        self._admin = _client(workspace, workspace.admin_key)
        self._publisher = _client(workspace, workspace.publisher_key)

    def __enter__(self) -> Operations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._admin.close()
        self._publisher.close()

    def publish(self, event: str, data: dict[str, Any], *, escaped: bool = True) -> str:
        """Publishes an event, its text in JSON escapes or as it is. Returns the event's id."""
        content = json.dumps({"event": event, "data": data}, ensure_ascii=escaped).encode()
        accepted = _send(self._publisher, "/api/events", content)
        event_id: str = accepted["id"]
        return event_id

    def publish_batch(self, events: list[dict[str, Any]]) -> list[str]:
        """Publishes events in one request. Returns their ids."""
        accepted = _send(self._publisher, "/api/events/batch", json.dumps(events).encode())
        return [answer["id"] for answer in accepted]

    def test(self, webhook_id: str) -> Any:
        return _send(self._admin, "/api/webhooks/test", json.dumps({"id": webhook_id}).encode())

    def resend(self, delivery_id: str) -> None:
        _send(self._admin, "/api/webhooks/deliveries/retry", json.dumps({"id": delivery_id}).encode())

    def rotate(self, webhook_id: str, **options: object) -> Any:
        return _send(self._admin, "/api/webhooks/rotate", json.dumps({"id": webhook_id, **options}).encode())


def eventually(get: Callable[[], T], settled: Callable[[T], bool]) -> T:
    """Asks until the answer has settled: for what the server writes after the receiver was answered."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while not settled(answer := get()):
        assert time.monotonic() < deadline, f"still {answer} after {SETTLE_TIMEOUT_S} s"
        time.sleep(POLL_INTERVAL_S)
    return answer


def _client(workspace: Workspace, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return httpx.Client(base_url=workspace.server.url, headers=headers, trust_env=False)


def _send(client: httpx.Client, path: str, content: bytes) -> Any:
    response = client.post(path, content=content)
    assert response.is_success, f"{path} answered {response.status_code}: {response.text}"
    return response.json()
