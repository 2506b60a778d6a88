"""The published Python SDK, sync and async, against a running server: every operation on webhooks and keys."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest
from encrata import APIError, AsyncEncrata, AuthenticationError, Encrata
from encrata.types import ApiKey, Webhook, WebhookDelivery
from support.receiver import Answer, Endpoint, Receiver
from support.samples import LOOKUP
from support.sdk import Sdk
from support.workspace import EVENTS, Operations, Workspace, eventually

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECRET = re.compile(r"whsec_[0-9a-f]{64}")
KEY = re.compile(r"enc_live_[a-z0-9]{32}")


def unfilled(typed: Any) -> list[str]:
    """The fields that the SDK left at what it makes up for a missing one."""
    return [field.name for field in fields(typed) if getattr(typed, field.name) in ("", None, [], {})]


def is_time(text: str | None) -> bool:
    assert text is not None and text.endswith("Z")
    return datetime.fromisoformat(text[:-1] + "+00:00").year >= 2024


def finished(client: Encrata, webhook: Webhook) -> list[WebhookDelivery]:
    """The webhook's deliveries, once none is pending."""
    return eventually(
        lambda: client.list_webhook_deliveries(webhook.id),
        lambda deliveries: all(delivery.status != "pending" for delivery in deliveries),
    )


def test_there_is_no_webhook_at_first(client: Encrata) -> None:
    assert client.list_webhooks() == []


def test_create_and_list(client: Encrata, endpoint: Endpoint) -> None:
    created = client.create_webhook(endpoint.url, EVENTS, description="Orders, Zürich 🎉")
    assert unfilled(created) == []
    assert UUID.fullmatch(created.id) and UUID.fullmatch(created.workspace_id)
    assert SECRET.fullmatch(created.secret or "")
    assert (created.url, created.events) == (endpoint.url, list(EVENTS))
    assert (created.is_active, created.description) == (True, "Orders, Zürich 🎉")
    assert is_time(created.created_at) and is_time(created.updated_at)
    assert created.created_by in [key.id for key in client.list_keys()]

    other = client.create_webhook(endpoint.url + "/other", ["credits.low"])
    assert (other.description, other.events) == ("", ["credits.low"])
    assert other.secret != created.secret
    # The secret is shown once.
    assert client.list_webhooks() == [replace(created, secret=None), replace(other, secret=None)]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        pytest.param({"url": "https://example.com/new?a=1"}, {}, id="url"),
        pytest.param({"events": ["credits.low", "lookup.completed"]}, {}, id="events"),
        pytest.param({"description": "new"}, {}, id="description"),
        pytest.param({"description": ""}, {}, id="description-cleared"),
        pytest.param({"is_active": False}, {}, id="paused"),
        pytest.param({}, {}, id="nothing"),
        pytest.param({"events": ["credits.low"] * 2}, {"events": ["credits.low"]}, id="event-twice"),
    ],
)
def test_update(client: Encrata, endpoint: Endpoint, change: dict[str, Any], after: dict[str, Any]) -> None:
    created = client.create_webhook(endpoint.url, ["lookup.completed"], description="old")
    assert client.update_webhook(created.id, **{"url": created.url, **change}) == {"status": "updated"}
    [updated] = client.list_webhooks()
    assert updated.updated_at >= created.updated_at
    unchanged = replace(created, secret=None, updated_at=updated.updated_at)
    assert updated == replace(unchanged, **{**change, **after})


def test_a_paused_webhook_gets_nothing_until_it_is_resumed(
    client: Encrata, receiver: Receiver, operations: Operations
) -> None:
    paused, active = receiver.endpoint(), receiver.endpoint()
    webhook = client.create_webhook(paused.url, ["lookup.completed"])
    client.create_webhook(active.url, ["lookup.completed"])
    client.update_webhook(webhook.id, webhook.url, is_active=False)
    active.wait_for(operations.publish("lookup.completed", LOOKUP))
    assert paused.wait(0) == []
    client.update_webhook(webhook.id, webhook.url, is_active=True)
    paused.wait_for(operations.publish("lookup.completed", LOOKUP))


def test_delete_removes_the_webhook_and_its_history(client: Encrata, endpoint: Endpoint) -> None:
    kept = client.create_webhook(endpoint.url, ["credits.low"])
    deleted = client.create_webhook(endpoint.url, ["credits.low"])
    client.test_webhook(deleted.id)
    assert client.delete_webhook(deleted.id) == {"status": "deleted"}
    assert [webhook.id for webhook in client.list_webhooks()] == [kept.id]
    with pytest.raises(APIError) as raised:
        client.list_webhook_deliveries(deleted.id)
    assert raised.value.status_code == 404


def test_a_test_send_that_is_delivered(client: Encrata, endpoint: Endpoint) -> None:
    webhook = client.create_webhook(endpoint.url, ["lookup.completed"])
    answer = client.test_webhook(webhook.id)
    [delivery] = endpoint.wait()
    assert answer["status"] == "delivered"
    assert answer["url"] == endpoint.url
    assert answer["signature"] == delivery.headers["x-encrata-signature"]
    assert (answer["status_code"], answer["response_body"]) == (200, "thanks")
    assert "error" not in answer

    [listed] = client.list_webhook_deliveries(webhook.id)
    assert (listed.event_type, listed.status, listed.attempts) == ("test", "success", 1)
    assert listed.payload["data"] == {"message": "This is a test webhook from Encrata"}


def test_a_test_send_that_fails_is_not_sent_again(client: Encrata, sdk: Sdk, endpoint: Endpoint) -> None:
    webhook = client.create_webhook(endpoint.url, ["lookup.completed"])
    endpoint.answer(Answer(503, b"down for maintenance"))
    answer = client.test_webhook(webhook.id)
    assert answer["status"] == "failed"
    assert (answer["status_code"], answer["response_body"]) == (503, "down for maintenance")
    assert "error" not in answer
    # The SDK repeats what is answered with a 5xx, and the server repeats no test.
    assert [exchange.path for exchange in sdk.exchanges].count("/api/webhooks/test") == 1
    [listed] = client.list_webhook_deliveries(webhook.id)
    assert (listed.status, listed.attempts, listed.response_status) == ("failed", 1, 503)
    assert len(endpoint.wait()) == 1


def test_a_test_send_that_nobody_answers(client: Encrata, sdk: Sdk) -> None:
    with socket.socket() as reserved:
        # Bound, but not listening: connections are refused.
        reserved.bind(("127.0.0.1", 0))
        webhook = client.create_webhook(f"https://127.0.0.1:{reserved.getsockname()[1]}/", ["credits.low"])
        answer = client.test_webhook(webhook.id)
    assert answer["status"] == "failed"
    assert answer["error"]
    assert "status_code" not in answer and "response_body" not in answer
    assert [exchange.path for exchange in sdk.exchanges].count("/api/webhooks/test") == 1
    [listed] = client.list_webhook_deliveries(webhook.id)
    assert (listed.status, listed.attempts) == ("failed", 1)
    assert (listed.response_status, listed.response_body) == (0, "")
    assert is_time(listed.last_attempt_at)


def test_deliveries(client: Encrata, endpoint: Endpoint, operations: Operations) -> None:
    webhook = client.create_webhook(endpoint.url, ["lookup.completed"])
    assert client.list_webhook_deliveries(webhook.id) == []
    operations.publish("lookup.completed", LOOKUP)
    endpoint.wait()
    [delivery] = finished(client, webhook)
    assert unfilled(delivery) == []
    assert UUID.fullmatch(delivery.id)
    assert (delivery.webhook_id, delivery.event_type) == (webhook.id, "lookup.completed")
    assert sorted(delivery.payload) == ["created_at", "data", "event"]
    assert (delivery.payload["event"], delivery.payload["data"]) == ("lookup.completed", LOOKUP)
    assert (delivery.status, delivery.attempts) == ("success", 1)
    assert (delivery.response_status, delivery.response_body) == (200, "thanks")
    assert is_time(delivery.payload["created_at"])
    assert is_time(delivery.last_attempt_at) and is_time(delivery.created_at)


def test_deliveries_before_the_first_attempt_and_after_the_last(
    client: Encrata, endpoint: Endpoint, operations: Operations
) -> None:
    webhook = client.create_webhook(endpoint.url, ["lookup.completed"])
    gate = threading.Event()
    endpoint.answer(*[Answer(500, b"broken", gate)] * 3)
    operations.publish("lookup.completed", LOOKUP)
    endpoint.wait()
    try:
        [pending] = client.list_webhook_deliveries(webhook.id)
    finally:
        gate.set()
    assert (pending.status, pending.attempts) == ("pending", 0)
    # What is absent stays at the SDK's own defaults; null would not.
    assert (pending.response_status, pending.response_body, pending.last_attempt_at) == (0, "", None)

    endpoint.wait(3)
    [failed] = finished(client, webhook)
    assert (failed.status, failed.attempts) == ("failed", 3)
    assert (failed.response_status, failed.response_body) == (500, "broken")
    assert failed.id == pending.id


def test_the_50_newest_deliveries_are_listed(
    client: Encrata, endpoint: Endpoint, operations: Operations
) -> None:
    webhook = client.create_webhook(endpoint.url, ["lookup.completed"])
    numbers = list(range(60))
    operations.publish_batch(
        [{"event": "lookup.completed", "data": {**LOOKUP, "number": number}} for number in numbers]
    )
    listed = client.list_webhook_deliveries(webhook.id)
    assert [delivery.payload["data"]["number"] for delivery in listed] == numbers[:9:-1]


def test_keys(client: Encrata, sdk: Sdk, workspace: Workspace) -> None:
    created = client.create_key("Production")
    assert UUID.fullmatch(created.id) and KEY.fullmatch(created.key or "")
    assert (created.name, created.key_preview) == ("Production", f"...{(created.key or '')[-4:]}")
    assert is_time(created.created_at)

    listed = {key.id: key for key in client.list_keys()}
    # The workspace began with the key that asks and the publisher's.
    assert len(listed) == 3
    assert listed[created.id] == replace(created, key=None)
    used = [key for key in listed.values() if key.last_used is not None]
    assert [key.name for key in used] == ["admin"]
    assert is_time(used[0].last_used) and used[0].total_requests >= 1

    sdk.connect(workspace.server, created.key or "").create_webhook("https://example.com/", ["credits.low"])
    [webhook] = client.list_webhooks()
    assert webhook.created_by == created.id


@pytest.mark.parametrize("permanent", [False, True], ids=["revoked", "deleted"])
def test_revoke_a_key(client: Encrata, sdk: Sdk, workspace: Workspace, permanent: bool) -> None:
    created: ApiKey = client.create_key("Staging")
    theirs = sdk.connect(workspace.server, created.key or "")
    assert theirs.list_webhooks() == []
    message = "API key deleted" if permanent else "API key revoked"
    assert client.revoke_key(created.id, permanent=permanent) == {"message": message}
    with pytest.raises(AuthenticationError):
        theirs.list_webhooks()
    # Revoked keys stay listed.
    assert (created.id in [key.id for key in client.list_keys()]) is not permanent


def test_a_workspace_sees_only_its_own(client: Encrata, sdk: Sdk, workspace: Workspace) -> None:
    webhook = client.create_webhook("https://example.com/", ["credits.low"])
    stranger = Workspace.create(workspace.server, f"{workspace.name}, another")
    other = sdk.connect(stranger.server, stranger.admin_key)
    assert other.list_webhooks() == []
    for call in (other.test_webhook, other.delete_webhook, other.list_webhook_deliveries):
        with pytest.raises(APIError) as raised:
            call(webhook.id)
        assert raised.value.status_code == 404
    assert len(client.list_webhooks()) == 1


def test_calls_at_once(workspace: Workspace) -> None:
    async def create_many() -> list[Webhook]:
        async with AsyncEncrata(workspace.admin_key, base_url=workspace.server.url) as client:
            created = await asyncio.gather(
                *(client.create_webhook(f"https://example.com/{n}", ["credits.low"]) for n in range(20))
            )
            listed = await client.list_webhooks()
        assert sorted(webhook.id for webhook in listed) == sorted(webhook.id for webhook in created)
        return created

    created = asyncio.run(create_many())
    assert len({webhook.secret for webhook in created}) == 20
