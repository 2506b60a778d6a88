"""The servers that the frameworks are run with, each on a free port, with TLS or without."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import uvicorn
import werkzeug.serving
from aiohttp import web
from deliveries import PATH
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from mounts import MOUNTS


class Certificate(NamedTuple):
    cert: str
    key: str

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self)
        return context


@contextlib.contextmanager
def uvicorn_of(app: Any, certificate: Certificate | None = None) -> Iterator[int]:
    files = {} if certificate is None else {"ssl_certfile": certificate.cert, "ssl_keyfile": certificate.key}
    # A sender that keeps its connection must not hold up the end.
    options = {"lifespan": "off", "log_level": "critical", "ws": "none", "timeout_graceful_shutdown": 1, **files}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with _thread(lambda: server.run(sockets=[listening]), lambda: setattr(server, "should_exit", True)):
            yield listening.getsockname()[1]


@contextlib.contextmanager
def werkzeug_of(app: Any, certificate: Certificate | None = None) -> Iterator[int]:
    context = certificate and certificate.context()
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
    with _thread(server.serve_forever, server.shutdown):
        yield server.server_port


class _Threads(socketserver.ThreadingMixIn, WSGIServer):
    """wsgiref's server; a sender that hangs holds up itself only."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Answers are asserted on, not logged."""


@contextlib.contextmanager
def wsgiref_of(app: Any, certificate: Certificate | None = None) -> Iterator[int]:
    server = _Threads(("127.0.0.1", 0), _Quiet)
    server.set_app(app)
    if certificate is not None:
        # The handshake belongs to the connection's own thread.
        server.socket = certificate.context().wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    with _thread(lambda: server.serve_forever(poll_interval=0.02), server.shutdown):
        yield server.server_port
    server.server_close()


@contextlib.contextmanager
def aiohttp_of(view: Any, certificate: Certificate | None = None) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    stopping = loop.create_future()

    async def serve(listening: socket.socket) -> None:
        app = web.Application()
        app.router.add_post(PATH, view)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listening, ssl_context=certificate and certificate.context()).start()
        await stopping
        await runner.cleanup()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        run = lambda: loop.run_until_complete(serve(listening))  # noqa: E731
        with _thread(run, lambda: loop.call_soon_threadsafe(stopping.set_result, None)):
            yield listening.getsockname()[1]
    loop.close()


@contextlib.contextmanager
def _thread(run: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join()


@contextlib.contextmanager
def django_of(server: Callable[..., Any], handler: type, urls: Any, *certificate: Any) -> Iterator[int]:
    with override_settings(ROOT_URLCONF=urls), server(handler(), *certificate) as port:
        yield port


class Served(NamedTuple):
    """A framework on a server, and what is peculiar to it."""

    mount: Any
    serve: Callable[..., Any]
    is_chunked: bool = True
    """Whether it takes a body without a length."""
    streams: bool = True
    """Whether a view sees the body as it comes."""


SERVED: dict[str, Served] = {
    "fastapi on uvicorn": Served(MOUNTS["fastapi"], uvicorn_of),
    "starlette on uvicorn": Served(MOUNTS["starlette"], uvicorn_of),
    "asgi on uvicorn": Served(MOUNTS["asgi"], uvicorn_of),
    "wsgi on wsgiref": Served(MOUNTS["wsgi"], wsgiref_of, is_chunked=False),
    "wsgi on werkzeug": Served(MOUNTS["wsgi"], werkzeug_of),
    "flask on werkzeug": Served(MOUNTS["flask"], werkzeug_of),
    "django on wsgiref": Served(MOUNTS["django"], lambda *given: django_of(wsgiref_of, WSGIHandler, *given), False),
    # Django stores the body before it asks a view.
    "django on uvicorn": Served(
        MOUNTS["django-async"], lambda *given: django_of(uvicorn_of, ASGIHandler, *given), streams=False
    ),
    "aiohttp": Served(MOUNTS["aiohttp"], aiohttp_of),
}
