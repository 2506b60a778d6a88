"""A view for Django.

    from encrata_webhooks.django import webhook_handler

    @webhook_handler()
    def receive(event, request):
        print(event.id, event.event, event.data)

    urlpatterns = [path("webhooks/encrata", receive)]
"""

from __future__ import annotations

from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from . import refusal
from ._body import Pieces, not_raw
from ._endpoint import SECRET, Endpoint, Refused, from_environment, require_callable, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http.response import HttpResponseBase
    from typing_extensions import Concatenate, ParamSpec, TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    P = ParamSpec("P")
    Handler: TypeAlias = Callable[
        Concatenate[WebhookEvent, HttpRequest, P], "HttpResponseBase | None | Awaitable[HttpResponseBase | None]"
    ]
    View: TypeAlias = Callable[Concatenate[HttpRequest, P], Any]

__all__ = ["webhook_handler"]

# What Django answers by itself.
_ANSWERS = (Http404, PermissionDenied, BadRequest, SuspiciousOperation)
_FIX = "let no middleware read the request on this path as a stream or form; `request.body` keeps the bytes"


def webhook_handler(**options: Unpack[Options[HttpRequest]]) -> Callable[[Handler[P]], View[P]]:
    """Makes a view of a handler, which is called with the event, the request and what the path has. A handler that is
    async makes an async view. The view is exempt from the CSRF check: the signature is the proof.

    It is answered with 204, unless the handler returns another answer. The secret is `ENCRATA_WEBHOOK_SECRET` in the
    settings, else in the environment. Django's `DATA_UPLOAD_MAX_MEMORY_SIZE` limits the body as well.
    """
    options.setdefault("secret", _from_settings)
    endpoint = Endpoint(**options)

    def decorate(handler: Handler[P]) -> View[P]:
        require_callable(handler)

        async def flow(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            headers = request.headers
            claimed_id = headers.get("webhook-id")
            try:
                event = await endpoint.event(headers, claimed_id, lambda limit: _body(request, limit), request)
            except Refused as refused:
                return HttpResponse(refused.body, content_type="application/json", status=refused.status)
            answer = await endpoint.call(claimed_id, lambda: handler(event, request, *args, **kwargs), _ANSWERS)
            return HttpResponse(status=204) if answer is None else answer

        def at_once(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return run(flow(request, *args, **kwargs))

        view: Any = wraps(handler)(flow if iscoroutinefunction(handler) else at_once)
        # As `csrf_exempt` does; that of Django 4.2 takes async views for others.
        view.csrf_exempt = True
        exempt: View[P] = view
        return exempt

    return decorate


def _from_settings(_request: HttpRequest) -> str | None:
    secret: str | None = getattr(settings, SECRET, from_environment())
    return secret


def _body(request: HttpRequest, max_bytes: int) -> bytes:
    headers = request.headers
    pieces = Pieces(max_bytes, headers.get("content-length"))
    # Django looks at no more than the length that is announced.
    is_bounded = "content-length" in headers and "transfer-encoding" not in headers
    try:
        pieces.add(request.body if is_bounded else request.read(max_bytes + 1))
    except RequestDataTooBig:
        raise refusal("body_too_large") from None
    except RawPostDataException:
        raise not_raw(_FIX) from None
    return pieces.whole(_FIX)
