"""What is peculiar to one framework."""

import asyncio
import json
from typing import Annotated

import django.http
import fastapi
import flask
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from deliveries import BODY, OTHER, PATH, SECRET, Answer, signed
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.test import RequestFactory, override_settings
from mounts import MOUNTS, asgi_client
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.testclient import TestClient

import encrata_webhooks.aiohttp
import encrata_webhooks.asgi
import encrata_webhooks.aws_lambda
import encrata_webhooks.django
import encrata_webhooks.fastapi
import encrata_webhooks.flask
import encrata_webhooks.wsgi
from encrata_webhooks import TestEvent, WebhookEvent
from encrata_webhooks._endpoint import Endpoint, Refused, run

NOT_RAW = "body_not_raw"


def never(event, *rest):
    raise AssertionError("the handler was called")



@pytest.fixture
def noted(told):
    """Options: the secret, and an `on_error` that keeps what it is told."""
    return {"secret": SECRET, "on_error": lambda *given: told.append(given)}


def told_of(told, code, fix):
    """Whether just this was told, with what to do."""
    return [one for one, *_ in told] == [code] and fix in str(told[0][2])


SYNC = [name for name, mount in MOUNTS.items() if not mount.is_async and name != "flask-async"]


@pytest.mark.parametrize("name", SYNC)
def test_what_is_async_where_nothing_can_be_awaited_is_refused(name, told):
    mount, on_error = MOUNTS[name], lambda *given: told.append(given)

    class Later:
        def __await__(self):
            yield

    assert mount(never, secret=lambda request: Later(), on_error=on_error)(signed()).status == 500
    assert told_of(told, "invalid_secret", "see the cause") and "plain function" in str(told[0][2].__cause__)
    told.clear()
    send = mount(lambda event: Later(), secret=SECRET, on_error=on_error)
    if mount.catches:
        assert send(signed()).status == 500
    else:
        with pytest.raises(TypeError, match="plain function"):
            send(signed())
    assert told_of(told, "handler_failed", "plain function")


def test_more_secrets_by_turns_than_are_kept():
    def secret(request):
        tenant = request["headers"]["x-tenant"]
        return SECRET if tenant == "ours" else [f"{OTHER}{tenant}", SECRET] if tenant != "theirs" else OTHER

    handle = encrata_webhooks.aws_lambda.webhook_handler(secret=secret)(lambda *given: None)


    def ask(tenant):
        headers = {**signed().headers, "x-tenant": tenant}
        return handle({"headers": headers, "body": BODY.decode()}, None)["statusCode"]

    assert [ask(str(turn % 100)) for turn in range(200)] == [204] * 200
    assert [ask(tenant) for tenant in ("ours", "theirs", "ours")] == [204, 401, 204]


def test_how_many_secrets_are_kept_ready_is_bounded():
    endpoint = Endpoint(secret=lambda request: f"{OTHER}{request}", tolerance=None)
    for tenant in range(200):
        with pytest.raises(Refused, match="missing_signature"):
            run(endpoint.event({}, None, lambda limit: b"", tenant))
    assert endpoint._webhook.cache_info().currsize == 64


# FastAPI and Starlette


def fastapi_app(verified, **options):
    app = fastapi.FastAPI(**options)

    @app.post(PATH, status_code=204)
    def receive(event: Annotated[WebhookEvent, fastapi.Depends(verified)]) -> None:
        assert isinstance(event, TestEvent)

    return app


def test_fastapi_a_route_that_is_not_async_and_a_body_that_was_parsed_by_fastapi(noted, told):
    verified = encrata_webhooks.fastapi.webhook_event(**noted)
    app = fastapi_app(verified)

    @app.post("/parsed")
    def parsed(payload: dict, event: Annotated[WebhookEvent, fastapi.Depends(verified)]):
        return [payload["event"], event.event]

    client = TestClient(app)
    assert client.post(PATH, headers=signed().headers, content=BODY).status_code == 204
    assert client.post("/parsed", headers=signed().headers, content=BODY).json() == ["test", "test"]
    assert told == []


def test_fastapi_a_stream_that_was_read_is_answered_with_500(noted, told):
    async def reads(request: fastapi.Request) -> None:
        async for _ in request.stream():
            pass

    app = fastapi.FastAPI(dependencies=[fastapi.Depends(reads)])
    app.include_router(fastapi_app(encrata_webhooks.fastapi.webhook_event(**noted)).router)
    answer = asgi_client(app)(signed())
    assert (answer.status, json.loads(answer.text)) == (500, {"detail": NOT_RAW})
    assert told_of(told, NOT_RAW, "`request.body()` keeps the bytes")


def test_fastapi_what_the_route_answers_by_an_exception_is_no_failure(noted, told):
    app = fastapi.FastAPI()
    verified = encrata_webhooks.fastapi.webhook_event(**noted)

    @app.post(PATH)
    async def receive(event: Annotated[WebhookEvent, fastapi.Depends(verified)]):
        raise HTTPException(409, event.id)

    assert asgi_client(app)(signed()) == Answer(409, '{"detail":"evt_1"}')
    assert told == []


@pytest.mark.parametrize("make", [fastapi.FastAPI, Starlette])
def test_a_limit_of_the_application_is_kept_to_as_well(make, noted, told):
    if make is Starlette:
        app = encrata_webhooks.asgi.webhook_handler(**noted)(never)
        app = Starlette(routes=[Route(PATH, app, methods=["POST"])], max_body_size=10)
    else:
        app = fastapi_app(encrata_webhooks.fastapi.webhook_event(**noted), max_body_size=10)
    assert asgi_client(app)(signed()).status == 413
    assert [code for code, *_ in told] == ["body_too_large"]


def test_asgi_only_http_is_answered():
    app = encrata_webhooks.asgi.webhook_handler(secret=SECRET)(never)
    with pytest.raises(ValueError, match="lifespan"):
        asyncio.run(app({"type": "lifespan"}, None, None))


@pytest.mark.parametrize("version, closes", [("1.1", True), ("1.0", True), ("2", False), ("3", False)])
def test_asgi_a_connection_with_what_was_not_read_is_closed(version, closes):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError("it was read")

    scope = {"type": "http", "http_version": version, "headers": [(b"content-length", b"2000000")]}
    asyncio.run(encrata_webhooks.asgi.webhook_handler(secret=SECRET)(never)(scope, receive, send))
    assert sent[0]["status"] == 413
    assert ((b"connection", b"close") in sent[0]["headers"]) is closes
    scope["method"], scope["path"], scope["query_string"] = "POST", PATH, b""
    sent.clear()
    asyncio.run(fastapi_app(encrata_webhooks.fastapi.webhook_event(secret=SECRET))(scope, receive, send))
    assert sent[0]["status"] == 413
    assert ((b"connection", b"close") in sent[0]["headers"]) is closes


@pytest.mark.parametrize("name", ["asgi", "fastapi"])
def test_asgi_a_connection_is_kept_for_other_refusals(name):
    client = TestClient(MOUNTS[name].app(never, secret=OTHER))
    response = client.post(PATH, headers=signed().headers, content=BODY)
    assert (response.status_code, response.headers.get("connection")) == (401, None)


def test_asgi_a_body_without_a_length_that_breaks_off_is_told_of(noted, told):
    messages = iter([{"type": "http.request", "body": BODY, "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    async def send(message):
        pass

    headers = [(name.encode(), value.encode()) for name, value in signed().headers.items()]
    app = encrata_webhooks.asgi.webhook_handler(**noted)(never)
    asyncio.run(app({"type": "http", "headers": headers}, receive, send))
    assert told_of(told, "body_incomplete", "went away")


def test_asgi_a_body_that_was_swallowed_is_answered_with_500(noted, told):
    inner = encrata_webhooks.asgi.webhook_handler(**noted)(never)

    async def app(scope, receive, send):
        async def swallowed():
            return {"type": "http.request", "body": b""}

        await inner(scope, swallowed, send)

    assert asgi_client(app)(signed()).status == 500
    assert told_of(told, NOT_RAW, "to the application again")


# WSGI and Flask


def test_wsgi_a_body_that_was_read_is_answered_with_500(noted, told):
    inner = encrata_webhooks.wsgi.webhook_handler(**noted)(never)

    def app(environ, start_response):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        return inner(environ, start_response)

    assert MOUNTS["wsgi"].client(app)(signed()) == Answer(500, '{"error":"body_not_raw"}')
    assert told_of(told, NOT_RAW, "`wsgi.input`")


@pytest.mark.parametrize("before", ["get_data", "get_json"])
def test_flask_what_keeps_the_bytes_does_no_harm(before, noted):
    app = MOUNTS["flask"].app(lambda event: None, **noted)
    app.before_request(lambda: getattr(flask.request, before)() and None)
    assert MOUNTS["flask"].client(app)(signed()).status == 204


def test_flask_a_stream_that_was_read_is_answered_with_500(noted, told):
    app = MOUNTS["flask"].app(never, **noted)
    app.before_request(lambda: flask.request.stream.read() and None)
    assert MOUNTS["flask"].client(app)(signed()) == Answer(500, '{"error":"body_not_raw"}')
    assert told_of(told, NOT_RAW, "`request.get_data()`")


def test_flask_an_abort_of_the_handler_is_no_failure(noted, told):
    app = MOUNTS["flask"].app(lambda event: flask.abort(409), **noted)
    assert MOUNTS["flask"].client(app)(signed()).status == 409
    assert told == []


def test_flask_the_secret_is_in_the_config_and_the_path_goes_to_the_handler():
    app = flask.Flask(__name__)

    @app.post("/hooks/<tenant>")
    @encrata_webhooks.flask.webhook_handler()
    def receive(event, tenant):
        return tenant + event.id

    app.config["ENCRATA_WEBHOOK_SECRET"] = SECRET
    ask = lambda: app.test_client().post("/hooks/one", headers=signed().headers, data=BODY)  # noqa: E731
    assert ask().text == "oneevt_1"
    app.config["ENCRATA_WEBHOOK_SECRET"] = None
    assert ask().status_code == 500


def test_flask_the_limit_of_this_route_stands_in_for_that_of_the_application(noted):
    app = MOUNTS["flask"].app(lambda event: None, **noted)
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert MOUNTS["flask"].client(app)(signed()).status == 204


# Django


def test_django_what_keeps_the_bytes_does_no_harm_and_a_stream_that_was_read_is_refused(noted, told):
    view = encrata_webhooks.django.webhook_handler(**noted)(lambda event, request: None)
    make = lambda: RequestFactory().post(PATH, BODY, "application/json", headers=signed().headers)  # noqa: E731
    request = make()
    assert request.body and not request.POST and view(request).status_code == 204
    request = make()
    assert request.read(1) and view(request).status_code == 500
    assert told_of(told, NOT_RAW, "`request.body` keeps the bytes")


@pytest.mark.parametrize("error", [django.http.Http404, PermissionDenied])
def test_django_what_the_handler_answers_by_an_exception_is_no_failure(error, noted, told):
    def handler(event):
        raise error

    assert MOUNTS["django"](handler, **noted)(signed()).status in (403, 404)
    assert told == []


def test_django_its_own_limit_is_kept_to_as_well(noted, told):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert MOUNTS["django"](never, **noted)(signed()).status == 413
    assert [code for code, *_ in told] == ["body_too_large"]


def test_django_the_secret_is_in_the_settings():
    send = MOUNTS["django"](lambda event: None)
    with override_settings(ENCRATA_WEBHOOK_SECRET=SECRET):
        assert send(signed()).status == 204
    with override_settings(ENCRATA_WEBHOOK_SECRET=None):
        assert send(signed()).status == 500


@pytest.mark.parametrize("more", [[], [(b"content-length", b"10")]])
def test_django_a_body_without_a_length_is_read_no_further_than_the_limit(more, noted, told):
    class Stream:
        bytes_read = 0

        def read(self, size):
            self.bytes_read += size
            return bytes(size)

    stream = Stream()
    scope = {"method": "POST", "path": PATH, "query_string": b"", "headers": []}
    scope["headers"] = [(b"transfer-encoding", b"chunked"), *more]
    request = ASGIRequest(scope, stream)
    assert encrata_webhooks.django.webhook_handler(**noted, max_body_bytes=100)(never)(request).status_code == 413
    assert stream.bytes_read == 101


# aiohttp


def ask_aiohttp(view, *middlewares):
    async def ask():
        app = web.Application(middlewares=middlewares)
        app.router.add_post(PATH, view)
        async with AiohttpClient(TestServer(app)) as client:
            response = await client.post(PATH, headers=signed().headers, data=BODY)
            return Answer(response.status, await response.text()), response.headers.get("connection")

    return asyncio.run(ask())


def test_aiohttp_what_keeps_the_bytes_does_no_harm_and_a_stream_that_was_read_is_refused(noted, told):
    @web.middleware
    async def keeps(request, handler):
        await request.read()
        return await handler(request)

    @web.middleware
    async def reads(request, handler):
        await request.content.read()
        return await handler(request)

    view = encrata_webhooks.aiohttp.webhook_handler(**noted)(lambda event, request: None)
    assert ask_aiohttp(view, keeps)[0].status == 204
    assert ask_aiohttp(view, reads)[0] == Answer(500, '{"error":"body_not_raw"}')
    assert told_of(told, NOT_RAW, "`request.read()` keeps the bytes")


def test_aiohttp_what_the_handler_answers_by_an_exception_is_no_failure(noted, told):
    def handler(event, request):
        raise web.HTTPConflict

    assert ask_aiohttp(encrata_webhooks.aiohttp.webhook_handler(**noted)(handler))[0].status == 409
    assert told == []


def test_aiohttp_a_connection_with_what_was_not_read_is_closed(noted):
    view = encrata_webhooks.aiohttp.webhook_handler(**noted, max_body_bytes=10)(never)
    assert ask_aiohttp(view)[1] == "close"


def test_aiohttp_the_limit_of_this_route_stands_in_for_that_of_the_application(noted):
    large = signed(BODY[:-1] + b" " * (3 * 1024 * 512) + b"}")
    assert MOUNTS["aiohttp"](lambda event: None, **noted, max_body_bytes=2 * 1024 * 1024)(large).status == 204


# AWS Lambda


def test_lambda_a_signature_header_that_came_twice_is_told_apart():
    headers = {"X-Encrata-Signature": [signed().headers["x-encrata-signature"]] * 2}
    handle = encrata_webhooks.aws_lambda.webhook_handler(secret=SECRET, tolerance=None)(never)
    answer = handle({"headers": {"a": "b"}, "multiValueHeaders": headers, "body": BODY.decode()}, None)
    assert (answer["statusCode"], answer["body"]) == (401, '{"error":"multiple_signatures"}')


def test_lambda_a_body_that_was_parsed_on_the_way_is_answered_with_500(noted, told):
    handle = encrata_webhooks.aws_lambda.webhook_handler(**noted)(never)
    answer = handle({"headers": signed().headers, "body": json.loads(BODY)}, None)
    assert (answer["statusCode"], answer["body"]) == (500, '{"error":"body_not_raw"}')
    assert told_of(told, NOT_RAW, "proxy integration")


def test_lambda_base64_over_the_limit_is_not_decoded_and_what_is_no_base64_is_refused(noted, told, monkeypatch):
    handle = encrata_webhooks.aws_lambda.webhook_handler(**noted, max_body_bytes=3)(never)


    def ask(body):
        return handle({"headers": signed().headers, "body": body, "isBase64Encoded": True}, None)["statusCode"]

    assert ask("A") == 400
    monkeypatch.setattr(encrata_webhooks.aws_lambda, "b64decode", never)
    assert ask("A" * 8) == 413
    assert [code for code, *_ in told] == ["body_incomplete", "body_too_large"]


def test_lambda_its_event_and_context_go_to_the_handler():
    seen = []
    request = {"headers": signed().headers, "body": BODY.decode()}
    encrata_webhooks.aws_lambda.webhook_handler(secret=SECRET)(lambda *given: seen.append(given))(request, "context")
    [(event, *rest)] = seen
    assert (event.id, rest) == ("evt_1", [request, "context"])


@pytest.mark.parametrize("name", ["asgi", "wsgi", "flask", "django", "aiohttp", "aws_lambda"])
def test_a_handler_that_is_none_is_refused_at_once(name):
    with pytest.raises(TypeError, match="not a function"):
        getattr(encrata_webhooks, name).webhook_handler()(None)
