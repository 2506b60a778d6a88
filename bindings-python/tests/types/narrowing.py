"""What mypy and pyright have to accept, and, where it says `ignore`, what they have to refuse."""

from typing import NoReturn

from encrata_webhooks import (
    ApiKeyCreated,
    ApiKeyRevoked,
    CreditsExhausted,
    CreditsLow,
    LookupCompleted,
    LookupCompletedData,
    MonitorRunCompleted,
    SignatureMismatchError,
    TestEvent,
    UnknownEvent,
    Verified,
    Webhook,
    WebhookEvent,
    WebhookVerificationError,
    diagnose,
    refusal,
    verify_signature,
)


def never(value: NoReturn) -> NoReturn:
    raise AssertionError(value)


def every_event(event: WebhookEvent) -> str:
    match event:
        case LookupCompleted(data=data):
            email: str = data.email
            return email
        case MonitorRunCompleted(data=data):
            return str(data.changes_detected + 1)
        case CreditsLow() | CreditsExhausted():
            return str(event.data.credits_remaining + 1)
        case ApiKeyCreated(key) | ApiKeyRevoked(key):
            return key.key_preview
        case TestEvent():
            return event.data.message
        case UnknownEvent(name, fields):
            return name + str(fields["anything"])
        case _:
            never(event)


def one_is_missing(event: WebhookEvent) -> str:
    match event:
        case LookupCompleted():
            return event.event
        case _:
            never(event)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def without_match(event: WebhookEvent) -> str:
    if isinstance(event, UnknownEvent):
        return event.event
    if isinstance(event, LookupCompleted):
        return event.data.phone  # type: ignore[attr-defined, no-any-return]  # pyright: ignore
    return event.created_at + (event.id or "")


def bodies_and_headers(webhook: Webhook, body: bytes) -> None:
    webhook.verify(body, {"X-Encrata-Signature": "x"})
    webhook.verify(bytearray(body), [("a", "b")], now=1.5)
    webhook.verify(memoryview(body), [(b"a", b"b")])
    webhook.verify("text", "signature")
    webhook.verify(body, None)
    webhook.verify({"event": "test"}, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    webhook.verify(body, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    verified: Verified = webhook.authenticate(body, webhook.sign(body, id="evt_1", timestamp=7))
    identifier: str | None = verified.id
    text: str = diagnose(body, {}, identifier).fix
    is_genuine: bool = verify_signature(text, None, 3)
    print(is_genuine)


def secrets(one: str, unset: str | None) -> list[Webhook]:
    Webhook(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return [Webhook(one), Webhook(unset, tolerance=300), Webhook([one, unset], 0.5)]


def errors(webhook: Webhook) -> tuple[str, int]:
    try:
        webhook.verify(b"", {})
    except SignatureMismatchError:
        raise refusal("body_too_large") from None
    except WebhookVerificationError as error:
        return error.code, error.status
    refusal("nothing")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return "", 0


def frozen(event: LookupCompleted) -> None:
    event.created_at = ""  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    LookupCompleted(data=LookupCompletedData(email="a", lookup_id="b"), created_at="")
    LookupCompleted(created_at="")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
