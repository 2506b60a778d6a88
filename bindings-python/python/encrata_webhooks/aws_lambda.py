"""A handler for AWS Lambda behind API Gateway (REST and HTTP), a function URL or an application load balancer.

    from encrata_webhooks.aws_lambda import webhook_handler

    @webhook_handler()
    def handler(event, request, context):
        print(event.id, event.event, event.data)
"""

from __future__ import annotations

from base64 import b64decode
from functools import wraps
from typing import TYPE_CHECKING, Any

from . import refusal
from ._body import not_raw
from ._endpoint import Endpoint, Refused, require_callable, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeAlias, Unpack

    from . import WebhookEvent
    from ._endpoint import Options

    LambdaRequest: TypeAlias = dict[str, Any]
    LambdaResponse: TypeAlias = dict[str, Any]
    Handler: TypeAlias = Callable[[WebhookEvent, LambdaRequest, Any], "LambdaResponse | None"]

__all__ = ["webhook_handler"]

_FIX = "use the proxy integration of API Gateway, a function URL or a load balancer, and hand over its event unchanged"


def webhook_handler(
    **options: Unpack[Options[LambdaRequest]],
) -> Callable[[Handler], Callable[[LambdaRequest, Any], LambdaResponse]]:
    """Makes a handler of Lambda's of one that is called with Encrata's event, then Lambda's event and context.

    It is answered with 204, unless the handler returns another answer: a dict with `statusCode`. What it raises goes on
    to Lambda, which counts it as an error and lets the gateway answer with 500 or 502.
    """
    endpoint = Endpoint(**options)

    def decorate(handler: Handler) -> Callable[[LambdaRequest, Any], LambdaResponse]:
        require_callable(handler)

        @wraps(handler)
        def entry(request: LambdaRequest, context: Any) -> LambdaResponse:
            # A load balancer with multi-value headers has no others, and takes no others.
            headers = request.get("multiValueHeaders") or request.get("headers") or {}
            is_multi_value = not request.get("headers") and "multiValueHeaders" in request
            claimed_id = _first(headers, "webhook-id")
            try:
                event = run(endpoint.event(headers, claimed_id, lambda limit: _body(request, limit), request))
            except Refused as refused:
                return _response(refused.status, refused.body, is_multi_value)
            answer: Any = run(endpoint.call(claimed_id, lambda: handler(event, request, context)))
            return answer if isinstance(answer, dict) else _response(204, "", is_multi_value)

        return entry

    return decorate


def _first(headers: dict[str, Any], name: str) -> str | None:
    value = next((value for key, value in headers.items() if key.lower() == name), None)
    return next(iter(value), None) if isinstance(value, list) else value


def _body(request: LambdaRequest, max_bytes: int) -> bytes | str:
    body = request.get("body") or ""
    if not isinstance(body, str):
        raise not_raw(_FIX)
    if not request.get("isBase64Encoded"):
        return body
    # Four characters of base64 are three bytes, less two of padding.
    if len(body) // 4 * 3 - 2 > max_bytes:
        raise refusal("body_too_large")
    return b64decode(body)


def _response(status: int, body: str, is_multi_value: bool) -> LambdaResponse:
    headers = {"content-type": "application/json"} if body else {}
    if is_multi_value:
        lists = {name: [value] for name, value in headers.items()}
        return {"statusCode": status, "multiValueHeaders": lists, "body": body}
    return {"statusCode": status, "headers": headers, "body": body}
