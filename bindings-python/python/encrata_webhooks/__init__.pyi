"""Verify Encrata's webhooks.

>>> webhook = Webhook("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c", tolerance=300)
>>> body = b'{"created_at":"2026-01-01T00:00:00Z","data":{"message":"hello"},"event":"test"}'
>>> webhook.verify(body, webhook.sign(body)).event
'test'

The rules are the same in every language: if `webhook-signature` is there, it alone decides; if it is not,
`X-Encrata-Signature` decides over the raw body, unless a tolerance was set. First the MAC, in constant time, over the
bytes as they came; then the time; then the JSON.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias, final

from .errors import *
from .events import *

__version__: str

_Body: TypeAlias = bytes | bytearray | memoryview | str

class _HasItems(Protocol):
    def items(self) -> Iterable[tuple[Any, Any]]: ...

_Headers: TypeAlias = (
    str | bytes | Mapping[str, Any] | _HasItems | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]] | None
)

@final
class Webhook:
    """A receiver of one webhook: make it once, and verify every delivery with it, from any thread.

    >>> Webhook(["whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c", None])
    Webhook([redacted], tolerance=None)
    """

    def __new__(cls, secrets: str | Iterable[str | None] | None, tolerance: float | None = None) -> Webhook:
        """`secrets` is the signing secret (`whsec_…`), or several while one rotates. Those that are unset, `None` or
        empty, are skipped; one must remain.

        `tolerance`, in seconds, refuses deliveries whose signed timestamp is further from now, in either direction;
        300 is a good choice. Without it, time is not looked at.

        Raises `InvalidSecretError` with its `fault`; `ValueError` for a tolerance that is negative or no number.
        """

    def verify(self, body: _Body, headers: _Headers, *, now: float | None = None) -> WebhookEvent:
        """Verifies a delivery and reads its event.

        `body` is the raw body, bytes as they came or their text; a parsed one can't be verified. `headers` are all
        headers of the request: a mapping in any case, the headers of Starlette, Django, Werkzeug, aiohttp, a WSGI
        `environ`, ASGI's list of pairs; or the bare value of `X-Encrata-Signature`. `now`, in Unix seconds, stands
        for the clock.

        Raises `WebhookVerificationError`, of the class that goes with its `code`.

        >>> data = '{"credits_remaining":5,"threshold":100}'
        >>> body = '{"created_at":"2026-01-01T00:00:00Z","data":' + data + ',"event":"credits.low"}'
        >>> webhook = Webhook("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")
        >>> match webhook.verify(body, webhook.sign(body)):
        ...     case CreditsLow(data=data):
        ...         print(data.threshold)
        100
        """

    def authenticate(self, body: _Body, headers: _Headers, *, now: float | None = None) -> Verified:
        """As `verify`, but the body is not read: for those who parse it themselves.

        Raises what `verify` raises, except `InvalidPayloadError`.
        """

    def sign(self, body: _Body, *, id: str | None = None, timestamp: float | None = None) -> dict[str, str]:
        """Signs a body as Encrata does, in both schemes: for tests. Gives the headers, their names in lower case.

        `id` is the event's, visible ASCII characters without a dot, a fresh one by default; `timestamp` is in Unix
        seconds, now by default. With several secrets `webhook-signature` has an entry for each, and
        `x-encrata-signature` is made with the first.

        Raises `ValueError` when id or timestamp can't be signed, `InvalidSecretError` for a secret without base64
        after `whsec_`, which none that Encrata issued is, and `BodyNotRawError`.

        >>> webhook = Webhook("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")
        >>> webhook.sign(b"{}", id="evt_1", timestamp=1767225600)["webhook-timestamp"]
        '1767225600'
        """

@final
class Verified:
    """What the signature covered beside the body."""

    @property
    def id(self) -> str | None:
        """The event's id, the same at every attempt: drop what was processed already. `None` when only
        `X-Encrata-Signature` was verified, which does not cover it."""

    @property
    def timestamp(self) -> int | None:
        """When this attempt was sent, in Unix seconds. `None` as for `id`."""

def verify_signature(payload: object, secret: object, signature: object) -> bool:
    """The drop-in for the documentation's snippet: whether `signature`, the value of the one `X-Encrata-Signature`
    header, is that of the raw body.

    It answers `False` to input of any kind that is not a genuine signature, and raises nothing. It knows neither
    timestamps nor ids, so a delivery can be replayed against it; `Webhook` knows more.

    >>> secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
    >>> verify_signature(b"{}", secret, None)
    False
    """

@final
class Diagnosis:
    """Why a delivery does or does not verify. `str(diagnosis)` says it in words, with what to do."""

    @property
    def cause(self) -> str:
        """The cause; its names are stable, as `match`, `other_secret` or `body_reserialised`."""

    @property
    def proven(self) -> bool:
        """Whether it was proven, by a recomputation that matches or by a fault that is plain to see. If not, it is
        the most likely cause."""

    @property
    def message(self) -> str:
        """What is wrong, for people."""

    @property
    def fix(self) -> str:
        """What to do about it, for people."""

def diagnose(
    body: _Body, headers: _Headers, secret: str | None, *, tolerance: float | None = None, now: float | None = None
) -> Diagnosis:
    """Finds out why a delivery does not verify, from the body that was verified, the headers and the secret as they
    were given. It tries dozens of keys and bodies: for a developer, and never to decide whether one is accepted.

    Time is looked at when there is a `tolerance`, in seconds. Raises `BodyNotRawError`.

    >>> secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
    >>> body = b'{"created_at":"2026-01-01T00:00:00Z","data":{"message":"hello"},"event":"test"}'
    >>> diagnose(body, Webhook(secret).sign(body), secret + "\\n").cause
    'secret_whitespace'
    """
