"""What the relay and the worker of hooks do, in one step, for tests of pages."""

from __future__ import annotations

import json

from backoffice.store.outbox import HookCall
from backoffice.usecases import publish
from tests.usecases.market import NOW


def deliver() -> None:
    """Every hook call reaches the built-in catalog."""
    for call in HookCall.select().order_by(HookCall.id):
        publish.receive(json.loads(call.body), now=NOW)
