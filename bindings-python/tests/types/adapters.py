"""What mypy and pyright have to accept of the adapters, and, where it says `ignore`, what they have to refuse."""

from collections.abc import MutableMapping
from typing import Annotated, Any

import django.http
from aiohttp import web
from fastapi import Depends, FastAPI
from flask import Flask, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from encrata_webhooks import WebhookEvent, aiohttp, asgi, aws_lambda, fastapi, flask, wsgi
from encrata_webhooks import django as django_adapter

flask_app = Flask(__name__)
fastapi_app = FastAPI()


def from_flask(request: Request) -> list[str | None]:
    return [request.headers.get("x-tenant"), None]


async def from_scope(scope: MutableMapping[str, Any]) -> str:
    return str(scope["path"])


async def told(code: str, id: str | None, error: Exception) -> None:
    print(code, id, error)


@flask_app.post("/<tenant>")
@flask.webhook_handler(secret=from_flask, tolerance=None, max_body_bytes=1024, on_error=print)
def flask_view(event: WebhookEvent, tenant: str) -> tuple[str, int]:
    return tenant + event.event, 200


flask.webhook_handler(secret=from_scope)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
flask.webhook_handler(secrets="")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
flask.webhook_handler(tolerance="300")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@asgi.webhook_handler(secret=from_scope, on_error=told)
async def asgi_app(event: WebhookEvent, scope: MutableMapping[str, Any]) -> Response | None:
    return JSONResponse(event.event) if event.id else None


route = Route("/", asgi_app, methods=["POST"])


@wsgi.webhook_handler(secret=["a", None])
def wsgi_app(event: WebhookEvent, environ: dict[str, Any]) -> None:
    print(event.event)


@django_adapter.webhook_handler(secret=lambda request: request.headers.get("x-tenant"))
def django_view(event: WebhookEvent, request: django.http.HttpRequest, tenant: str) -> django.http.HttpResponse:
    return django.http.HttpResponse(tenant)


@django_adapter.webhook_handler()
async def django_async_view(event: WebhookEvent, request: django.http.HttpRequest) -> None:
    print(event.event)


@aiohttp.webhook_handler()
async def aiohttp_view(event: WebhookEvent, request: web.Request) -> web.Response:
    return web.Response(text=event.event)


web.Application().router.add_post("/", aiohttp_view)


@aws_lambda.webhook_handler()
def lambda_handler(event: WebhookEvent, request: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.event}


@aws_lambda.webhook_handler()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def takes_too_little(event: WebhookEvent) -> None:
    print(event.event)


@fastapi_app.post("/")
async def fastapi_route(event: Annotated[WebhookEvent, Depends(fastapi.webhook_event(on_error=told))]) -> str:
    return event.event
