"""A plain ASGI application: for Starlette, Litestar, Quart and whatever else mounts one.

    from encrata_webhooks.asgi import webhook_handler

    @webhook_handler()
    async def app(event, scope):
        print(event.id, event.event, event.data)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._body import Pieces
from ._endpoint import Endpoint, Refused, require_callable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from typing_extensions import TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    # Just what the servers and frameworks call it, so that theirs fit.
    Scope: TypeAlias = MutableMapping[str, Any]
    Message: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]
    App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
    Handler: TypeAlias = Callable[[WebhookEvent, Scope], "Awaitable[App | None] | App | None"]

__all__ = ["WebhookApp", "webhook_handler"]

_FIX = "let no middleware read it on this path, or have it give what it read to the application again"


def webhook_handler(**options: Unpack[Options[Scope]]) -> Callable[[Handler], WebhookApp]:
    """Makes an ASGI application of a handler, which is called with the event and the scope, and may be async.

    It is answered with 204, unless the handler returns another answer: an ASGI application, as Starlette's responses
    are. On Starlette: `Route("/webhooks/encrata", app, methods=["POST"])`.
    """
    endpoint = Endpoint(**options)
    return lambda handler: WebhookApp(endpoint, handler)


class WebhookApp:
    """The application. An object, as Starlette takes functions for something else."""

    def __init__(self, endpoint: Endpoint[Scope], handler: Handler) -> None:
        require_callable(handler)
        self._endpoint = endpoint
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"webhooks come over http, not {scope['type']}")
        headers = scope["headers"]
        claimed_id = _first(headers, b"webhook-id")
        try:
            event = await self._endpoint.event(headers, claimed_id, lambda limit: _body(headers, receive, limit), scope)
        except Refused as refused:
            return await _refuse(refused, scope, send)
        answer = await self._endpoint.call(claimed_id, lambda: self._handler(event, scope))
        if answer is None:
            await _send(send, 204, [], b"")
        else:
            await answer(scope, receive, send)


def _first(headers: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), None)


async def _body(headers: list[tuple[bytes, bytes]], receive: Receive, max_bytes: int) -> bytes:
    pieces = Pieces(max_bytes, _first(headers, b"content-length"))
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the sender went away before the body was complete")
        pieces.add(message.get("body", b""))
        if not message.get("more_body", False):
            return pieces.whole(_FIX)


async def _refuse(refused: Refused, scope: Scope, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(refused.body)).encode())]
    if refused.is_last(scope.get("http_version", "1.1")):
        headers.append((b"connection", b"close"))
    await _send(send, refused.status, headers, refused.body.encode())


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
