"""Bodies as they come in, up to a limit."""

from __future__ import annotations

from . import WebhookVerificationError, refusal


class Pieces:
    """A body that comes in pieces. `announced` is the `Content-Length`, if there is one."""

    def __init__(self, max_bytes: int, announced: str | None) -> None:
        self._pieces: list[bytes] = []
        self._max_bytes = max_bytes
        self._bytes = 0
        self.announced_bytes = int(announced or 0)
        """What `Content-Length` says, or 0."""
        self._allow(self.announced_bytes)

    def add(self, piece: bytes) -> None:
        """Takes the next piece. Raises `body_too_large`: read no further."""
        self._bytes += len(piece)
        self._allow(self._bytes)
        self._pieces.append(piece)

    def whole(self, fix: str) -> bytes:
        """All of it. What was announced and is not there at all was read by someone else: `fix` says how to keep it."""
        if self._bytes == 0 < self.announced_bytes:
            raise not_raw(fix)
        if self._bytes < self.announced_bytes:
            raise ConnectionError(f"{self._bytes} of {self.announced_bytes} bytes came, then the sender went away")
        return b"".join(self._pieces)

    def _allow(self, count: int) -> None:
        if count > self._max_bytes:
            raise refusal("body_too_large")


def not_raw(fix: str) -> WebhookVerificationError:
    """The error for a body that was parsed or read, with what to do about it."""
    text = "the body was parsed or read before it was verified, and the signature covers the bytes as they came"
    return refusal("body_not_raw", f"{text}: {fix}")
