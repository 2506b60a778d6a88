"""A test for every adapter, and what `on_error` was told."""

from __future__ import annotations

import pytest
from deliveries import Told
from mounts import MOUNTS, Mount


@pytest.fixture(params=MOUNTS.values(), ids=MOUNTS.keys())
def mount(request: pytest.FixtureRequest) -> Mount:
    return request.param


@pytest.fixture
def told() -> list[Told]:
    return []


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret, unless a test gives one."""
    monkeypatch.delenv("ENCRATA_WEBHOOK_SECRET", raising=False)
