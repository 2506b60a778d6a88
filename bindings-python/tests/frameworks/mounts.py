"""Each adapter in its framework, asked by the framework's own test client."""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
from typing import Any, Callable
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import django
import fastapi
import flask
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from deliveries import PATH, Answer, Delivery
from django.conf import settings
from django.http import JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.wrappers import Response as WerkzeugResponse

import encrata_webhooks.aiohttp
import encrata_webhooks.asgi
import encrata_webhooks.aws_lambda
import encrata_webhooks.django
import encrata_webhooks.fastapi
import encrata_webhooks.flask
import encrata_webhooks.wsgi
from encrata_webhooks import WebhookEvent

Send = Callable[[Delivery], Answer]
MINE = {"mine": True}

_MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=_MIDDLEWARE, LOGGING_CONFIG=None, SECRET_KEY="x")
django.setup()


class Mount:
    """An adapter in its framework. Handlers are given the event alone."""

    is_async = False
    error_key = "error"
    """What a refusal calls its code."""
    catches = True
    """Whether there is a framework that answers with 500 when a handler raises."""

    def app(self, handler: Callable[[WebhookEvent], Any], **options: Any) -> Any:
        """The application with the handler on its path."""
        raise NotImplementedError

    def client(self, app: Any) -> Send:
        raise NotImplementedError

    def own(self, event: WebhookEvent) -> Any:
        """A handler that answers itself: 202 and `MINE`."""
        raise NotImplementedError

    def tenant(self, request: Any) -> str | None:
        """The header `x-tenant`, of what a secret's function is given."""
        return request.headers.get("x-tenant")

    def __call__(self, handler: Callable[[WebhookEvent], Any], **options: Any) -> Send:
        return self.client(self.app(handler, **options))


def asgi_client(app: Any) -> Send:
    def send(delivery: Delivery) -> Answer:
        client = TestClient(app, raise_server_exceptions=False)
        response = client.post(PATH, headers=delivery.headers, content=delivery.body)
        return Answer(response.status_code, response.text)

    return send


class FastApi(Mount):
    is_async = True
    error_key = "detail"

    def app(self, handler, **options):
        app = fastapi.FastAPI()
        verified = encrata_webhooks.fastapi.webhook_event(**options)

        @app.post(PATH, status_code=204, response_model=None)
        async def receive(event: Any = fastapi.Depends(verified)) -> Any:
            answer = handler(event)
            answer = await answer if inspect.isawaitable(answer) else answer
            # What is not None is a response of its own.
            return answer or fastapi.Response(status_code=204)

        return app

    client = staticmethod(asgi_client)

    def own(self, event):
        return JSONResponse(MINE, 202)


class Asgi(Mount):
    is_async = True
    client = staticmethod(asgi_client)

    def app(self, handler, **options):
        return encrata_webhooks.asgi.webhook_handler(**options)(lambda event, scope: handler(event))

    def own(self, event):
        return JSONResponse(MINE, 202)

    def tenant(self, request):
        return dict(request["headers"]).get(b"x-tenant", b"").decode()


class InStarlette(Asgi):
    def app(self, handler, **options):
        return Starlette(routes=[Route(PATH, super().app(handler, **options), methods=["POST"])])


class Wsgi(Mount):
    def app(self, handler, **options):
        return encrata_webhooks.wsgi.webhook_handler(**options)(lambda event, environ: handler(event))

    def client(self, app):
        def send(delivery: Delivery) -> Answer:
            environ = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": PATH, "QUERY_STRING": ""}
            environ["CONTENT_LENGTH"] = str(len(delivery.body))
            for name, value in delivery.headers.items():
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
            environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
            setup_testing_defaults(environ)
            out, err = io.BytesIO(), io.StringIO()
            SimpleHandler(io.BytesIO(delivery.body), out, err, environ).run(validator(app))
            head, _, text = out.getvalue().decode().partition("\r\n\r\n")
            return Answer(int(head.split()[1]), text)

        return send

    def own(self, event):
        return WerkzeugResponse('{"mine":true}', 202)

    def tenant(self, request):
        return request.get("HTTP_X_TENANT")


class Flask(Mount):
    def app(self, handler, **options):
        app = flask.Flask(__name__)
        app.post(PATH)(encrata_webhooks.flask.webhook_handler(**options)(self.view(handler)))
        return app

    def view(self, handler):
        def receive(event: WebhookEvent) -> Any:
            return handler(event)

        return receive

    def client(self, app):
        def send(delivery: Delivery) -> Answer:
            response = app.test_client().post(PATH, headers=delivery.headers, data=delivery.body)
            return Answer(response.status_code, response.text)

        return send

    def own(self, event):
        return '{"mine":true}', 202


class FlaskAsync(Flask):
    def view(self, handler):
        async def receive(event: WebhookEvent) -> Any:
            await asyncio.sleep(0)
            return handler(event)

        return receive


class Urls:
    """What Django takes for the module with the urls."""

    def __init__(self, view: Any) -> None:
        self.urlpatterns = [path(PATH[1:], view)]


class Django(Mount):
    def app(self, handler, **options):
        return Urls(encrata_webhooks.django.webhook_handler(**options)(self.view(handler)))

    def view(self, handler):
        return lambda event, request: handler(event)

    def client(self, app):
        def send(delivery: Delivery) -> Answer:
            client = Client(enforce_csrf_checks=True, raise_request_exception=False)
            with override_settings(ROOT_URLCONF=app):
                response = client.post(PATH, delivery.body, "application/json", headers=delivery.headers)
            return Answer(response.status_code, response.content.decode())

        return send

    def own(self, event):
        return JsonResponse(MINE, status=202)


class DjangoAsync(Django):
    is_async = True

    def view(self, handler):
        async def receive(event: WebhookEvent, request: Any) -> Any:
            await asyncio.sleep(0)
            answer = handler(event)
            return await answer if inspect.isawaitable(answer) else answer

        return receive

    def client(self, app):
        async def ask(delivery: Delivery) -> Answer:
            client = AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)
            response = await client.post(PATH, delivery.body, "application/json", headers=delivery.headers)
            return Answer(response.status_code, response.content.decode())

        def send(delivery: Delivery) -> Answer:
            with override_settings(ROOT_URLCONF=app):
                return asyncio.run(ask(delivery))

        return send


class Aiohttp(Mount):
    is_async = True

    def app(self, handler, **options):
        return encrata_webhooks.aiohttp.webhook_handler(**options)(lambda event, request: handler(event))

    def client(self, app):
        async def ask(delivery: Delivery) -> Answer:
            # An application belongs to its loop.
            application = web.Application()
            application.router.add_post(PATH, app)
            async with AiohttpClient(TestServer(application)) as client:
                response = await client.post(PATH, headers=delivery.headers, data=delivery.body)
                return Answer(response.status, await response.text())

        return lambda delivery: asyncio.run(ask(delivery))

    def own(self, event):
        return web.json_response(MINE, status=202)


def _lists(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def carried(body: bytes, always: bool = False) -> dict[str, Any]:
    """A body as text, or where that can't be, or `always`, in base64."""
    try:
        text = body.decode() or None
    except UnicodeDecodeError:
        text, always = "", True
    if always and body:
        text = base64.b64encode(body).decode()
    return {"body": text, "isBase64Encoded": always}


def api_gateway_rest(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    headers = {name.title(): value for name, value in headers.items()}
    both = {"headers": headers, "multiValueHeaders": _lists(headers)}
    return {"resource": "/hook", "httpMethod": "POST", "requestContext": {"stage": "prod"}, **both, **carried(body)}


def api_gateway_http(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {"version": "2.0", "routeKey": "POST /hook", "rawPath": "/hook", "headers": headers, **carried(body)}


def function_url(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {"version": "2.0", "routeKey": "$default", "rawPath": "/", "headers": headers, **carried(body, always=True)}


def load_balancer(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    event = {"requestContext": {"elb": {}}, "httpMethod": "POST", "headers": headers, **carried(body)}
    return {**event, "body": event["body"] or ""}


def load_balancer_multi_value(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {"requestContext": {"elb": {}}, "multiValueHeaders": _lists(headers), **carried(body, always=True)}


class Lambda(Mount):
    """The shapes are those of AWS's documentation, cut down to what tells them apart."""

    catches = False

    def __init__(self, shape: Callable[[dict[str, str], bytes], dict[str, Any]]) -> None:
        self.shape = shape

    def app(self, handler, **options):
        return encrata_webhooks.aws_lambda.webhook_handler(**options)(lambda event, request, context: handler(event))

    def client(self, app):
        def send(delivery: Delivery) -> Answer:
            answer = app(self.shape(*delivery), "context")
            headers = answer.get("headers", {}), answer.get("multiValueHeaders", {})
            if answer["body"] and answer["statusCode"] != 202:
                is_multi_value = self.shape is load_balancer_multi_value
                kind = {"content-type": ["application/json"] if is_multi_value else "application/json"}
                assert headers == (({}, kind) if is_multi_value else (kind, {}))
            return Answer(answer["statusCode"], answer["body"])

        return send

    def own(self, event):
        return {"statusCode": 202, "body": '{"mine":true}'}

    def tenant(self, request):
        headers = {**request.get("multiValueHeaders", {}), **request.get("headers", {})}
        found = next((value for name, value in headers.items() if name.lower() == "x-tenant"), None)
        return found[0] if isinstance(found, list) else found


SHAPES = [api_gateway_rest, api_gateway_http, function_url, load_balancer, load_balancer_multi_value]
MOUNTS: dict[str, Mount] = {
    "fastapi": FastApi(),
    "starlette": InStarlette(),
    "asgi": Asgi(),
    "wsgi": Wsgi(),
    "flask": Flask(),
    "flask-async": FlaskAsync(),
    "django": Django(),
    "django-async": DjangoAsync(),
    "aiohttp": Aiohttp(),
    **{f"lambda-{shape.__name__}": Lambda(shape) for shape in SHAPES},
}
