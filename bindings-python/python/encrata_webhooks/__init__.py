"""Verify Encrata's webhooks. `__init__.pyi`, beside this file, documents every name."""

from ._native import *  # noqa: F403
from ._native import __all__ as _native_names

__all__ = [*_native_names, "WebhookEvent"]  # noqa: PLE0604


def __getattr__(name):
    if name != "WebhookEvent":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import events

    return events.WebhookEvent
