"""A dependency for FastAPI.

    from encrata_webhooks import WebhookEvent
    from encrata_webhooks.fastapi import webhook_event

    verified = webhook_event()

    @app.post("/webhooks/encrata", status_code=204)
    async def receive(event: Annotated[WebhookEvent, Depends(verified)]) -> None:
        print(event.id, event.event, event.data)
"""

from __future__ import annotations

# FastAPI reads the annotations of a dependency.
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from . import WebhookEvent
from ._body import Pieces, not_raw
from ._endpoint import Endpoint, Refused

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._endpoint import Options

__all__ = ["webhook_event"]

_FIX = "let nothing read `request.stream()` or a form before, on this route; `request.body()` keeps the bytes"


def webhook_event(**options: Unpack[Options[Request]]) -> Callable[[Request], AsyncIterator[WebhookEvent]]:
    """Makes a dependency that verifies the delivery and is its event.

    A refusal is an `HTTPException` with the code as its `detail`, which FastAPI answers as `{"detail": "<code>"}`
    unless the application has a handler of its own for it.
    """
    endpoint = Endpoint(**options)

    async def event_of(request: Request) -> AsyncIterator[WebhookEvent]:
        claimed_id = request.headers.get("webhook-id")
        try:
            read = lambda limit: _body(request, limit)  # noqa: E731
            event = await endpoint.event(request.headers, claimed_id, read, request)
        except Refused as refused:
            raise _answer(refused, request) from None
        try:
            yield event
        except HTTPException:
            raise
        except Exception as error:
            await endpoint.failed(claimed_id, error)
            raise

    return event_of


async def _body(request: Request, max_bytes: int) -> bytes:
    pieces = Pieces(max_bytes, request.headers.get("content-length"))
    try:
        async for piece in request.stream():
            pieces.add(piece)
    except RuntimeError:
        # Starlette's word for a stream that was read.
        raise not_raw(_FIX) from None
    return pieces.whole(_FIX)


def _answer(refused: Refused, request: Request) -> HTTPException:
    is_last = refused.is_last(request.scope.get("http_version", "1.1"))
    return HTTPException(refused.status, refused.code, {"connection": "close"} if is_last else None)
