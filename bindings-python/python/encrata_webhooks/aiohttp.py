"""A handler for aiohttp's server.

    from encrata_webhooks.aiohttp import webhook_handler

    @webhook_handler()
    async def receive(event, request):
        print(event.id, event.event, event.data)

    app.router.add_post("/webhooks/encrata", receive)
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from aiohttp import web

from ._body import Pieces
from ._endpoint import Endpoint, Refused, require_callable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from typing_extensions import TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    Handler: TypeAlias = Callable[
        [WebhookEvent, web.Request], "Awaitable[web.StreamResponse | None] | web.StreamResponse | None"
    ]
    View: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["webhook_handler"]

_FIX = "let no middleware read `request.content` on this route; `request.read()` keeps the bytes"


def webhook_handler(**options: Unpack[Options[web.Request]]) -> Callable[[Handler], View]:
    """Makes a handler of aiohttp's of one that is called with the event and the request.

    It is answered with 204, unless the handler returns another answer. The limit of the body stands in for the
    application's `client_max_size`.
    """
    endpoint = Endpoint(**options)

    def decorate(handler: Handler) -> View:
        require_callable(handler)

        @wraps(handler)
        async def view(request: web.Request) -> web.StreamResponse:
            headers = request.headers
            claimed_id = headers.get("webhook-id")
            try:
                event = await endpoint.event(headers, claimed_id, lambda limit: _body(request, limit), request)
            except Refused as refused:
                return _refusal(refused)
            call = endpoint.call(claimed_id, lambda: handler(event, request), (web.HTTPException,))
            answer: web.StreamResponse | None = await call
            return web.Response(status=204) if answer is None else answer

        return view

    return decorate


async def _body(request: web.Request, max_bytes: int) -> bytes:
    pieces = Pieces(max_bytes, request.headers.get("content-length"))
    if request.content.at_eof():
        # What was read by then is kept, if `read` has read it.
        pieces.add(await request.read())
    async for piece in request.content.iter_any():
        pieces.add(piece)
    return pieces.whole(_FIX)


def _refusal(refused: Refused) -> web.Response:
    response = web.json_response(text=refused.body, status=refused.status)
    # Its server speaks HTTP/1 only.
    if refused.is_last("1.1"):
        response.force_close()
    return response
