"""Verify Encrata's webhooks. `__init__.pyi`, beside this file, documents every name."""

from ._native import *  # noqa: F403


def __getattr__(name):
    if name != "WebhookEvent":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import events

    return events.WebhookEvent
