"""The server, the receiver, and workspaces with their keys."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from encrata import Encrata
from support.receiver import Endpoint, Receiver
from support.sdk import Sdk
from support.server import Server
from support.workspace import Operations, Workspace


def pytest_configure() -> None:
    # The processes that the fixtures started end also when this one is told to.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def start(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Server]:
    """Makes a server with options of its own; it runs from `with` to the end of it."""
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    binary = os.environ.get("ENCRATA_WEBHOOKS_BIN")
    assert binary, "ENCRATA_WEBHOOKS_BIN is not set: run tests/clients/run.sh, which sets it"

    def make(*options: str) -> Server:
        return Server(Path(binary), tmp_path_factory.mktemp("server"), ca_file, *options)

    return make


@pytest.fixture(scope="session")
def server(start: Callable[..., Server]) -> Iterator[Server]:
    """A server without a rate limit, that tries again at once."""
    with start("--webhook-rate-limit", "0", "--retry-schedule", "50ms,50ms") as server:
        yield server


@pytest.fixture(scope="session")
def receiver(ca: trustme.CA) -> Iterator[Receiver]:
    with Receiver(ca) as receiver:
        yield receiver


@pytest.fixture
def endpoint(receiver: Receiver) -> Endpoint:
    return receiver.endpoint()


@pytest.fixture
def workspace(server: Server) -> Workspace:
    """A workspace in which there is nothing yet."""
    return Workspace.create(server, f"workspace {uuid.uuid4()}")


@pytest.fixture
def operations(workspace: Workspace) -> Iterator[Operations]:
    with Operations(workspace) as operations:
        yield operations


@pytest.fixture(params=["sync", "async"])
def sdk(request: pytest.FixtureRequest) -> Iterator[Sdk]:
    """The published SDK in both flavours. Whatever a test does with it, the server must not fail."""
    with Sdk(request.param) as sdk:
        yield sdk
    assert [exchange for exchange in sdk.exchanges if exchange.status >= 500] == []


@pytest.fixture
def client(sdk: Sdk, workspace: Workspace) -> Encrata:
    """The SDK with the workspace's admin key."""
    return sdk.connect(workspace.server, workspace.admin_key)
