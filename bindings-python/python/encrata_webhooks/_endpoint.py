"""What every adapter does with a delivery."""

from __future__ import annotations

import inspect
import json
import logging
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union

from . import Webhook, WebhookVerificationError, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from typing_extensions import TypeAlias, TypedDict

    from . import WebhookEvent

    T = TypeVar("T")
    Secrets: TypeAlias = Union[str, Iterable[Union[str, None]], None]
    OnError: TypeAlias = Callable[[str, Union[str, None], Exception], object]
    ReadBody: TypeAlias = Callable[[int], Union[bytes, str, Awaitable[bytes]]]

Request = TypeVar("Request")

if TYPE_CHECKING:

    class Options(TypedDict, Generic[Request], total=False):
        """What every adapter can be told."""

        secret: Secrets | Callable[[Request], Secrets | Awaitable[Secrets]]
        """The signing secret, several while one rotates, or a function of the request that gives them, async too where
        the framework is. It is read when a delivery comes, never before. By default the environment's
        `ENCRATA_WEBHOOK_SECRET`."""
        tolerance: float | None
        """Seconds that the signed timestamp may be from now, either way. 300 by default; `None` looks at no time."""
        max_body_bytes: int
        """A larger body is refused before it is read whole. 1 MiB by default; Encrata's events have 256 KiB at most."""
        on_error: OnError
        """Is told of every delivery that was not processed, before the answer: a code; the id that the delivery claims,
        which is proven only for `handler_failed`; and the error, whose text says what to do. The codes are those of
        the errors, `body_incomplete` and `handler_failed`. By default what is refused with 500 is logged; what the
        handler raises goes on to the framework, which logs it."""


SECRET = "ENCRATA_WEBHOOK_SECRET"
_MAX_BODY_BYTES = 1024 * 1024
_KEPT_WEBHOOKS = 64
_log = logging.getLogger("encrata_webhooks")


class Refused(Exception):
    """How to answer a delivery that is not handed over."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = status

    @property
    def body(self) -> str:
        """What a sender is told: the code, and nothing of what lies behind it."""
        return json.dumps({"error": self.code}, separators=(",", ":"))

    def is_last(self, http_version: str) -> bool:
        """Whether the connection is to be closed: what was not read must not be taken for the next request. HTTP/2 keeps
        requests apart, and has no header for it."""
        return self.status == 413 and http_version.startswith("1")


def from_environment(_request: object = None) -> str | None:
    """The environment's secret."""
    return os.environ.get(SECRET)


def report(code: str, claimed_id: str | None, error: Exception) -> None:
    """Logs what is our own fault, and not logged by the framework."""
    if isinstance(error, WebhookVerificationError) and error.status == 500:
        _log.error("delivery %s was answered with 500: %s", claimed_id or "without an id", code, exc_info=error)


class Endpoint(Generic[Request]):
    """Verifies deliveries, and calls what handles them."""

    def __init__(
        self,
        *,
        secret: Secrets | Callable[[Request], Secrets | Awaitable[Secrets]] = from_environment,
        tolerance: float | None = 300,
        max_body_bytes: int = _MAX_BODY_BYTES,
        on_error: OnError = report,
    ) -> None:
        _check("tolerance", tolerance or 0)
        _check("max_body_bytes", max_body_bytes)
        self._secret = secret if callable(secret) else _hashable(secret)
        self._max_body_bytes = max_body_bytes
        self._on_error = on_error
        self._webhook = lru_cache(_KEPT_WEBHOOKS)(lambda secrets: Webhook(secrets, tolerance))

    async def event(self, headers: Any, claimed_id: str | None, read: ReadBody, request: Request) -> WebhookEvent:
        """The event of a delivery.

        `read` gets the raw body, of so many bytes at most. It raises `body_not_raw` and `body_too_large`; whatever
        else it raises is a body cut short. Raises `Refused`, and nothing else.
        """
        try:
            body = await _settled(read(self._max_body_bytes))
            # Who holds it whole already needs no look at its length before.
            if len(body.encode() if isinstance(body, str) else body) > self._max_body_bytes:
                raise refusal("body_too_large")
            webhook = await self._webhook_for(request)
            return webhook.verify(body, headers)
        except Exception as error:
            refused = _refused(error)
            await self._tell(refused.code, claimed_id, error)
        raise refused

    async def call(
        self, claimed_id: str | None, handler: Callable[[], Any], answers: tuple[type[Exception], ...] = ()
    ) -> Any:
        """What the handler answers. What it raises is told of and raised again; `answers` are no failures."""
        try:
            return await _settled(handler())
        except answers:
            raise
        except Exception as error:
            await self.failed(claimed_id, error)
            raise

    async def failed(self, claimed_id: str | None, error: Exception) -> None:
        """Tells that the handler raised."""
        await self._tell("handler_failed", claimed_id, error)

    async def _webhook_for(self, request: Request) -> Webhook:
        try:
            secret = self._secret
            return self._webhook(_hashable(await _settled(secret(request))) if callable(secret) else secret)
        except WebhookVerificationError:
            raise
        except Exception as error:
            text = "the secret could not be read: its function raised, or gave no text; see the cause"
            raise refusal("invalid_secret", text) from error

    async def _tell(self, code: str, claimed_id: str | None, error: Exception) -> None:
        # Only what may be written to a log.
        is_clean = claimed_id is not None and re.fullmatch(r"[\x21-\x7e]{1,128}", claimed_id)
        try:
            await _settled(self._on_error(code, claimed_id if is_clean else None, error))
        except Exception:
            _log.exception("on_error raised")


def run(flow: Coroutine[Any, Any, T]) -> T:
    """Runs, where nothing can be awaited, a coroutine that has nothing to wait for."""
    try:
        flow.send(None)
        flow.throw(TypeError("something async was given to an adapter that is not: make it a plain function"))
    except StopIteration as end:
        result: T = end.value
        return result
    flow.close()
    raise RuntimeError("something async was given to an adapter that is not, and went on waiting")


def require_callable(handler: object) -> None:
    """Tells early what is not a handler."""
    if not callable(handler):
        raise TypeError(f"the handler is not a function: expected one that takes the event, not {handler!r}")


def _refused(error: Exception) -> Refused:
    if isinstance(error, WebhookVerificationError):
        return Refused(error.code, error.status)
    # The framework has a limit of its own.
    if getattr(error, "status_code", None) == 413:
        return Refused("body_too_large", 413)
    return Refused("body_incomplete", 400)


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _hashable(secrets: Any) -> Any:
    return secrets if secrets is None or isinstance(secrets, str) else tuple(secrets)


def _check(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is {value}: expected a number of 0 or more")
