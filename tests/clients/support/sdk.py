"""The published Python SDK, sync and async, unmodified: both with one face, so that one test drives both."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Coroutine, cast

import httpx
from encrata import AsyncEncrata, Encrata

from .server import Server


@dataclass(frozen=True)
class Exchange:
    """What went over the wire for the SDK, seen by its own `transport` option."""

    method: str
    path: str
    status: int
    retry_after: str | None

    @classmethod
    def of(cls, request: httpx.Request, response: httpx.Response) -> Exchange:
        retry_after = response.headers.get("retry-after")
        return cls(request.method, request.url.path, response.status_code, retry_after)


class Sdk:
    """Makes clients of one flavour, and keeps what they exchanged."""

    def __init__(self, flavour: str) -> None:
        self.exchanges: list[Exchange] = []
        self._connect: Callable[..., Encrata] = {"sync": self._sync, "async": self._async}[flavour]
        self._open = ExitStack()

    def __enter__(self) -> Sdk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def connect(self, server: Server, key: str, **options: object) -> Encrata:
        return self._connect(key, base_url=server.url, **options)

    def _sync(self, key: str, **options: Any) -> Encrata:
        return self._open.enter_context(Encrata(key, transport=_Transport(self.exchanges), **options))

    def _async(self, key: str, **options: Any) -> Encrata:
        async def open_client() -> AsyncEncrata:
            return AsyncEncrata(key, transport=_AsyncTransport(self.exchanges), **options)

        return cast(Encrata, self._open.enter_context(_Blocking(open_client)))


class _Transport(httpx.HTTPTransport):
    def __init__(self, exchanges: list[Exchange]) -> None:
        super().__init__()
        self._exchanges = exchanges

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self._exchanges.append(Exchange.of(request, response))
        return response


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, exchanges: list[Exchange]) -> None:
        super().__init__()
        self._exchanges = exchanges

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        self._exchanges.append(Exchange.of(request, response))
        return response


class _Blocking:
    """Runs each call of an async client to its end, in the loop in which it was made."""

    def __init__(self, open_client: Callable[[], Coroutine[Any, Any, AsyncEncrata]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = self._loop.run_until_complete(open_client())

    def __enter__(self) -> _Blocking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*args: Any, **options: Any) -> Any:
            return self._loop.run_until_complete(method(*args, **options))

        return call
