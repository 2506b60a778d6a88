"""Makes the server deliver in every way that it can, and says of each delivery which secrets verify it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from encrata import Encrata

from .receiver import Answer, Delivery, Endpoint
from .samples import KINDS, LOOKUP, ODDITIES
from .sdk import Sdk
from .workspace import EVENTS, Operations, Workspace, eventually


@dataclass(frozen=True)
class Case:
    """A delivery. `data` is what was published, if we know it."""

    name: str
    delivery: Delivery
    # X-Encrata-Signature has room for one, webhook-signature carries all that are in force.
    snippet_secret: str
    standard_secrets: tuple[str, ...]
    # The webhook's others: those of the past.
    retired_secrets: tuple[str, ...] = ()
    event: str = "lookup.completed"
    data: dict[str, Any] | None = None

    def accepted(self, standard: bool) -> tuple[str, ...]:
        return self.standard_secrets if standard else (self.snippet_secret,)

    def refused(self, standard: bool) -> tuple[str, ...]:
        every = {self.snippet_secret, *self.standard_secrets, *self.retired_secrets}
        return tuple(sorted(every.difference(self.accepted(standard))))


class Recording:
    """The deliveries to one webhook, in the order in which they were asked for."""

    def __init__(self, client: Encrata, operations: Operations, endpoint: Endpoint) -> None:
        self.cases: list[Case] = []
        self._client = client
        self._operations = operations
        self._endpoint = endpoint
        webhook = client.create_webhook(endpoint.url, EVENTS)
        assert webhook.secret is not None
        self._webhook_id = webhook.id
        self._secrets: tuple[str, ...] = (webhook.secret,)
        self._retired: tuple[str, ...] = ()

    def samples(self) -> None:
        """Every kind of event, and every oddity of data."""
        samples = KINDS + ODDITIES
        published = [
            self._operations.publish(sample.event, sample.data, escaped=sample.escaped) for sample in samples
        ]
        for sample, event_id in zip(samples, published):
            [delivery] = self._endpoint.wait_for(event_id)
            self._keep(sample.name, delivery, sample.event, sample.data)

    def key_events(self) -> None:
        """The events that the server publishes itself."""
        key = self._client.create_key("Production, Zürich")
        self._client.revoke_key(key.id)
        data = {"key_id": key.id, "name": key.name, "key_preview": key.key_preview}
        for event in ("apikey.created", "apikey.revoked"):
            [delivery] = self._endpoint.wait_until(partial(is_about_key, key.id, event))
            self._keep(f"{event} by the server", delivery, event, data)

    def test_send(self) -> None:
        data = {"message": "This is a test webhook from Encrata"}
        self._keep("test", self._test(), "test", data)

    def retry(self) -> None:
        """An attempt that fails, and the next."""
        self._endpoint.answer(Answer(500))
        event_id = self._operations.publish("lookup.completed", LOOKUP)
        first, second = self._endpoint.wait_for(event_id, 2)
        self._keep("first attempt", first, data=LOOKUP)
        self._keep("second attempt", second, data=LOOKUP)

    def resend(self) -> None:
        """A delivery that succeeded, and is asked for again."""
        event_id = self._operations.publish("lookup.completed", LOOKUP)
        [sent] = self._endpoint.wait_for(event_id)
        delivery_id = sent.headers["x-encrata-delivery"]
        eventually(lambda: self._status(delivery_id), lambda status: status == "success")
        self._operations.resend(delivery_id)
        _, resent = self._endpoint.wait_for(event_id, 2)
        self._keep("sent", sent, data=LOOKUP)
        self._keep("resent", resent, data=LOOKUP)

    def rotation(self) -> None:
        """A rotation: before, during, and after it was finished."""
        self._publish("before the rotation")
        self._overlap(self._operations.rotate(self._webhook_id)["secret"])
        self._publish("during the overlap")
        self._keep("test during the overlap", self._test(), "test")
        self._operations.rotate(self._webhook_id, finish=True)
        self._settle()
        self._publish("after the rotation was finished")

    def rotation_that_lapses(self) -> None:
        """A rotation that nobody finishes."""
        self._overlap(self._operations.rotate(self._webhook_id, overlap_seconds=1)["secret"])
        eventually(self._test, lambda sent: " " not in sent.headers["webhook-signature"])
        self._settle()
        self._publish("after the overlap ran out")

    def rotation_at_once(self) -> None:
        """A rotation without an overlap: the secret has leaked."""
        self._overlap(self._operations.rotate(self._webhook_id, overlap_seconds=0)["secret"])
        self._settle()
        self._publish("after a rotation without an overlap")

    def _overlap(self, new: str) -> None:
        self._secrets = (*self._secrets, new)

    def _settle(self) -> None:
        self._retired = (*self._retired, *self._secrets[:-1])
        self._secrets = self._secrets[-1:]

    def _publish(self, name: str) -> None:
        [delivery] = self._endpoint.wait_for(self._operations.publish("lookup.completed", LOOKUP))
        self._keep(name, delivery, data=LOOKUP)

    def _test(self) -> Delivery:
        delivery_id = self._operations.test(self._webhook_id)["delivery_id"]
        [delivery] = self._endpoint.wait_until(lambda came: came.headers["x-encrata-delivery"] == delivery_id)
        return delivery

    def _status(self, delivery_id: str) -> str:
        listed = self._client.list_webhook_deliveries(self._webhook_id)
        return next(delivery.status for delivery in listed if delivery.id == delivery_id)

    def _keep(
        self,
        name: str,
        delivery: Delivery,
        event: str = "lookup.completed",
        data: dict[str, Any] | None = None,
    ) -> None:
        case = Case(name, delivery, self._secrets[0], self._secrets, self._retired, event, data)
        self.cases.append(case)


def is_about_key(key_id: str, event: str, delivery: Delivery) -> bool:
    return delivery.headers["x-encrata-event"] == event and key_id.encode() in delivery.body


def record(workspace: Workspace, endpoint: Endpoint) -> list[Case]:
    """Everything, in an order that leaves each step its secrets."""
    with Sdk("sync") as sdk, Operations(workspace) as operations:
        client = sdk.connect(workspace.server, workspace.admin_key)
        recording = Recording(client, operations, endpoint)
        recording.samples()
        recording.key_events()
        recording.test_send()
        recording.retry()
        recording.resend()
        recording.rotation()
        recording.rotation_that_lapses()
        recording.rotation_at_once()
    return recording.cases
