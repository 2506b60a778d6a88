"""A view for Flask.

    from encrata_webhooks.flask import webhook_handler

    @app.post("/webhooks/encrata")
    @webhook_handler()
    def receive(event):
        print(event.id, event.event, event.data)
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from flask import Request, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from . import refusal
from ._body import not_raw
from ._endpoint import SECRET, Endpoint, Refused, from_environment, require_callable, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flask.typing import ResponseReturnValue
    from typing_extensions import Concatenate, ParamSpec, TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    P = ParamSpec("P")
    Handler: TypeAlias = Callable[
        Concatenate[WebhookEvent, P], "ResponseReturnValue | None | Awaitable[ResponseReturnValue | None]"
    ]

__all__ = ["webhook_handler"]

_FIX = "let nothing read `request.stream` on this route; `request.get_data()` and `request.get_json()` keep the bytes"


def webhook_handler(**options: Unpack[Options[Request]]) -> Callable[[Handler[P]], Callable[P, ResponseReturnValue]]:
    """Makes a view of a handler, which is called with the event and what the route's path has. It may be async, as
    Flask's views may.

    It is answered with 204, unless the handler returns another answer. The secret is `ENCRATA_WEBHOOK_SECRET` in the
    application's `config`, else in the environment. The limit of the body stands in for Flask's `MAX_CONTENT_LENGTH`.
    """
    options.setdefault("secret", _from_config)
    endpoint = Endpoint(**options)

    def decorate(handler: Handler[P]) -> Callable[P, ResponseReturnValue]:
        require_callable(handler)

        @wraps(handler)
        def view(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            headers = request.headers
            claimed_id = headers.get("webhook-id")
            try:
                event = run(endpoint.event(headers, claimed_id, _body, request))
            except Refused as refused:
                return Response(refused.body, refused.status, mimetype="application/json")
            handle = current_app.ensure_sync(handler)
            answer = run(endpoint.call(claimed_id, lambda: handle(event, *args, **kwargs), (HTTPException,)))
            return Response(status=204) if answer is None else answer

        return view

    return decorate


def _from_config(_request: Request) -> str | None:
    secret: str | None = current_app.config.get(SECRET, from_environment())
    return secret


def _body(max_bytes: int) -> bytes:
    # Of a body without a length Werkzeug reads so many bytes and is content: with one more its being too large shows.
    request.max_content_length = max_bytes + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise refusal("body_too_large") from None
    # It was there, and someone has read it.
    if not body and request.content_length:
        raise not_raw(_FIX)
    return body
