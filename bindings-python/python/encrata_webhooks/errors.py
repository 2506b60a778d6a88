"""The errors, one class each."""

from ._native import (
    BodyNotRawError,
    BodyTooLargeError,
    InvalidPayloadError,
    InvalidSecretError,
    MalformedSignatureError,
    MalformedTimestampError,
    MissingSignatureError,
    MissingTimestampError,
    MultipleSignaturesError,
    SignatureMismatchError,
    TimestampTooNewError,
    TimestampTooOldError,
    WebhookVerificationError,
    refusal,
)

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
