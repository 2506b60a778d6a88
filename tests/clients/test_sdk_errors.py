"""Every refusal arrives as the SDK's own exception, with a sentence that says what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from encrata import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    Encrata,
    EncrataError,
    InvalidRequestError,
    RateLimitError,
)
from support.sdk import Sdk
from support.server import Server
from support.workspace import EVENTS, Workspace

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
URL = "https://example.com/"
RATE_LIMIT = 3
WEBHOOKS_PER_WORKSPACE = 50
# Longer than this the SDK never sleeps.
LONGEST_SLEEP_S = 30


def refused(kind: type[EncrataError], status: int, call: Callable[..., Any], *args: Any, **options: Any) -> str:
    """Makes a call that must be refused. Returns the sentence that says why."""
    with pytest.raises(EncrataError) as raised:
        call(*args, **options)
    assert (type(raised.value), raised.value.status_code) == (kind, status)
    return raised.value.message


@pytest.mark.parametrize("key", ["enc_live_" + "a" * 32, "anything"])
def test_an_unknown_key(sdk: Sdk, server: Server, key: str) -> None:
    client = sdk.connect(server, key)
    for call in (client.list_webhooks, client.list_keys):
        assert refused(AuthenticationError, 401, call) == "unauthorized"


@pytest.mark.parametrize(
    ("url", "events", "says"),
    [
        pytest.param("http://example.com/", ["credits.low"], "https", id="http"),
        pytest.param("example.com", ["credits.low"], "https", id="no-scheme"),
        pytest.param("", ["credits.low"], "url", id="no-url"),
        pytest.param("https://10.0.0.1/", ["credits.low"], "10.0.0.1", id="private-address"),
        pytest.param(URL, [], "events", id="no-events"),
        pytest.param(URL, ["credits.high"], "credits.high", id="unknown-event"),
        pytest.param(URL, ["test"], "test", id="test-is-not-subscribable"),
        pytest.param(URL, [""], "event", id="empty-event"),
    ],
)
def test_a_webhook_that_cannot_be(client: Encrata, url: str, events: list[str], says: str) -> None:
    assert says in refused(InvalidRequestError, 400, client.create_webhook, url, events)
    assert client.list_webhooks() == []


def test_an_unknown_event_is_answered_with_the_known_ones(client: Encrata) -> None:
    said = refused(InvalidRequestError, 400, client.create_webhook, URL, ["lookup.complete"])
    assert [event for event in EVENTS if event not in said] == []


@pytest.mark.parametrize(
    "change", [{"url": "http://example.com/"}, {"url": ""}, {"events": []}, {"events": ["x"]}]
)
def test_a_change_that_cannot_be(client: Encrata, change: dict[str, Any]) -> None:
    webhook = client.create_webhook(URL, ["credits.low"])
    refused(InvalidRequestError, 400, client.update_webhook, webhook.id, **{"url": URL, **change})
    [unchanged] = client.list_webhooks()
    assert (unchanged.url, unchanged.events) == (URL, ["credits.low"])


@pytest.mark.parametrize("unknown", [UNKNOWN_ID, "not-an-id", "Ω🎉"])
def test_what_is_not_there(client: Encrata, unknown: str) -> None:
    for call in (client.delete_webhook, client.test_webhook, client.list_webhook_deliveries, client.revoke_key):
        assert refused(APIError, 404, call, unknown)
    assert refused(APIError, 404, client.update_webhook, unknown, URL)


def test_what_is_not_named(client: Encrata) -> None:
    for call in (client.delete_webhook, client.test_webhook, client.list_webhook_deliveries, client.revoke_key):
        assert "id" in refused(InvalidRequestError, 400, call, "")
    assert "name" in refused(InvalidRequestError, 400, client.create_key, "")


def test_a_readonly_key_reads(client: Encrata, sdk: Sdk, workspace: Workspace) -> None:
    webhook = client.create_webhook(URL, ["credits.low"])
    reader = sdk.connect(workspace.server, workspace.key("readonly"))
    assert [listed.id for listed in reader.list_webhooks()] == [webhook.id]
    assert reader.list_webhook_deliveries(webhook.id) == []
    assert len(reader.list_keys()) == 3
    for call in (
        lambda: reader.create_webhook(URL, ["credits.low"]),
        lambda: reader.update_webhook(webhook.id, URL),
        lambda: reader.delete_webhook(webhook.id),
        lambda: reader.test_webhook(webhook.id),
        lambda: reader.create_key("mine"),
        lambda: reader.revoke_key(webhook.created_by),
    ):
        assert refused(APIError, 403, call) == "forbidden"


def test_a_publishers_key_does_not_manage(sdk: Sdk, workspace: Workspace) -> None:
    publisher = sdk.connect(workspace.server, workspace.publisher_key)
    for call in (publisher.list_webhooks, publisher.list_keys):
        assert refused(APIError, 403, call) == "forbidden"


def test_one_webhook_too_many_is_a_conflict(client: Encrata, sdk: Sdk) -> None:
    for number in range(WEBHOOKS_PER_WORKSPACE):
        client.create_webhook(f"{URL}{number}", ["credits.low"])
    said = refused(APIError, 409, client.create_webhook, URL, ["credits.low"])
    assert str(WEBHOOKS_PER_WORKSPACE) in said


def test_a_server_that_is_not_there(sdk: Sdk, start: Callable[..., Server]) -> None:
    with start() as stopped:
        client = sdk.connect(stopped, stopped.create_key("workspace", "admin"), max_retries=0)
        assert client.list_webhooks() == []
    with pytest.raises(APIConnectionError):
        client.list_webhooks()


@pytest.fixture(scope="module")
def limited(start: Callable[..., Server]) -> Iterator[Server]:
    with start("--webhook-rate-limit", str(RATE_LIMIT)) as server:
        yield server


def test_too_many_requests(sdk: Sdk, limited: Server) -> None:
    client = sdk.connect(limited, limited.create_key("workspace", "admin"), max_retries=0)

    def more_than_two_minutes_may_have() -> None:
        for _ in range(2 * RATE_LIMIT + 1):
            client.list_webhooks()

    said = refused(RateLimitError, 429, more_than_two_minutes_may_have)
    assert said == "Rate limit exceeded. Please try again later."
    *allowed, refusal = sdk.exchanges
    assert len(allowed) >= RATE_LIMIT
    assert refusal.retry_after is not None and 1 <= int(refusal.retry_after) <= 60
    # Keys are not limited with webhooks.
    assert len(client.list_keys()) >= 1


def test_the_sdk_waits_as_long_as_the_server_asks(
    sdk: Sdk, limited: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("encrata._http.time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr("encrata._http.asyncio", SimpleNamespace(sleep=sleep))
    client = sdk.connect(limited, limited.create_key("workspace", "admin"), max_retries=1)
    for _ in range(2 * RATE_LIMIT + 1):
        try:
            client.list_webhooks()
        except RateLimitError:
            break
    asked = [int(exchange.retry_after) for exchange in sdk.exchanges if exchange.retry_after is not None]
    assert slept
    # The last refusal is not waited for: the SDK has no retry left then.
    assert slept == [min(seconds, LONGEST_SLEEP_S) for seconds in asked][: len(slept)]
    assert len(asked) - len(slept) in (0, 1)
