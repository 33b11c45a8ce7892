"""Every table, for migrations, tests and the schema diff."""

from __future__ import annotations

from backoffice.store import audit, calendar, checks, history, kept, listings, moderation, outbox, people
from backoffice.store.base import Row

MODELS: tuple[type[Row], ...] = tuple(
    row
    for module in (people, listings, checks, moderation, outbox, audit, calendar, history, kept)
    for row in vars(module).values()
    if isinstance(row, type) and issubclass(row, Row) and row.__module__ == module.__name__
)
