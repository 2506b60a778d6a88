"""A plain WSGI application: for Pyramid, Bottle, Falcon and whatever else mounts one.

    from encrata_webhooks.wsgi import webhook_handler

    @webhook_handler()
    def app(event, environ):
        print(event.id, event.event, event.data)
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ._body import Pieces
from ._endpoint import Endpoint, Refused, require_callable, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication

    from typing_extensions import TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    Environ: TypeAlias = dict[str, Any]
    Handler: TypeAlias = Callable[[WebhookEvent, Environ], "WSGIApplication | None"]

__all__ = ["webhook_handler"]

_FIX = "let no middleware read `wsgi.input` on this path, or have it put what it read back"
_PIECE_BYTES = 64 * 1024


def webhook_handler(**options: Unpack[Options[Environ]]) -> Callable[[Handler], WSGIApplication]:
    """Makes a WSGI application of a handler, which is called with the event and the environment.

    It is answered with 204, unless the handler returns another answer: a WSGI application, as Werkzeug's and WebOb's
    responses are.
    """
    endpoint = Endpoint(**options)

    def decorate(handler: Handler) -> WSGIApplication:
        require_callable(handler)

        def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            claimed_id = environ.get("HTTP_WEBHOOK_ID")
            try:
                event = run(endpoint.event(environ, claimed_id, lambda limit: _body(environ, limit), environ))
            except Refused as refused:
                return _refuse(refused, start_response)
            answer: WSGIApplication | None = run(endpoint.call(claimed_id, lambda: handler(event, environ)))
            if answer is not None:
                return answer(environ, start_response)
            start_response("204 No Content", [])
            return []

        return app

    return decorate


def _body(environ: Environ, max_bytes: int) -> bytes:
    pieces = Pieces(max_bytes, environ.get("CONTENT_LENGTH"))
    # Without a length there is no body, except where the server says that its stream has an end.
    left = pieces.announced_bytes or (max_bytes + 1 if environ.get("wsgi.input_terminated") else 0)
    while left > 0:
        piece = environ["wsgi.input"].read(min(left, _PIECE_BYTES))
        if not piece:
            break
        pieces.add(piece)
        left -= len(piece)
    return pieces.whole(_FIX)


def _refuse(refused: Refused, start_response: StartResponse) -> Iterable[bytes]:
    body = refused.body.encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{refused.status} {HTTPStatus(refused.status).phrase}", headers)
    return [body]
