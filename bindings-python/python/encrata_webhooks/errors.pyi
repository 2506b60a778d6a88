"""The errors: one class for each code, all of them `WebhookVerificationError` and so `ValueError`."""

from typing import Literal, TypeAlias

__all__ = [
    "BodyNotRawError",
    "BodyTooLargeError",
    "InvalidPayloadError",
    "InvalidSecretError",
    "MalformedSignatureError",
    "MalformedTimestampError",
    "MissingSignatureError",
    "MissingTimestampError",
    "MultipleSignaturesError",
    "SignatureMismatchError",
    "TimestampTooNewError",
    "TimestampTooOldError",
    "WebhookVerificationError",
    "refusal",
]

_Code: TypeAlias = Literal[
    "invalid_secret",
    "body_not_raw",
    "body_too_large",
    "missing_signature",
    "multiple_signatures",
    "malformed_signature",
    "missing_timestamp",
    "malformed_timestamp",
    "signature_mismatch",
    "timestamp_too_old",
    "timestamp_too_new",
    "invalid_payload",
]
_Fault: TypeAlias = Literal[
    "missing",
    "blank",
    "only_prefix",
    "surrounding_whitespace",
    "surrounding_quotes",
    "control_character",
    "not_base64",
]

class WebhookVerificationError(ValueError):
    """Why a delivery was refused, or why a receiver can't be made. Each `code` has a class of its own.

    `str(error)` says in words what is wrong and what to do; it is for people and may change.
    """

    code: str
    """The stable name of this error, the same in every language."""
    status: int
    """The HTTP status to answer with: 500 when our own side is at fault, else 413, 401 or 400."""

class InvalidSecretError(WebhookVerificationError):
    """The secret cannot be a secret: blank, or with white space, quotes or a newline around it. Ours to mend: 500."""

    fault: _Fault | None
    """What is wrong with it; `None` when it is no text at all."""

class BodyNotRawError(WebhookVerificationError):
    """The body was parsed or read before it was verified; the signature covers the bytes as they came. 500."""

class BodyTooLargeError(WebhookVerificationError):
    """The body is over an adapter's limit. 413."""

class MissingSignatureError(WebhookVerificationError):
    """No signature header, or an empty one. 401."""

class MultipleSignaturesError(WebhookVerificationError):
    """`X-Encrata-Signature` is there more than once, or holds values joined by a comma. 401."""

class MalformedSignatureError(WebhookVerificationError):
    """Not exactly 64 lower-case hexadecimal digits, or no well-formed `v1` entry in `webhook-signature`. 401."""

class MissingTimestampError(WebhookVerificationError):
    """A tolerance was set, or `webhook-signature` is there, and there is no signed timestamp. 401."""

class MalformedTimestampError(WebhookVerificationError):
    """The signed timestamp is not a decimal number of Unix seconds. 401."""

class SignatureMismatchError(WebhookVerificationError):
    """Well formed, and made with another secret or for another body. 401."""

class TimestampTooOldError(WebhookVerificationError):
    """The signed timestamp is further in the past than the tolerance allows. 401."""

class TimestampTooNewError(WebhookVerificationError):
    """The signed timestamp is further in the future than the tolerance allows. 401."""

class InvalidPayloadError(WebhookVerificationError):
    """Verified, but not a JSON envelope of `event`, `data` and `created_at`. 400."""

def refusal(code: _Code, text: str | None = None) -> WebhookVerificationError:
    """The error of a code, with its own text or another: for adapters, which see streams and limits.

    >>> refusal("body_too_large").status
    413
    """
