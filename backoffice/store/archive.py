"""What authors never answered: out of sight, and not gone (M7)."""

from __future__ import annotations

from peewee import SQL

from backoffice.store.base import db
from backoffice.store.queues import Listed

EVERY = 1_000_000_000  # more rows than there ever are
# Literal, as the partial index has it: SQLite matches such an index by text.
ARCHIVED = '"t1"."state" = \'returned\' AND "t1"."answered_at" IS NULL AND "t1"."archived_at" IS NOT NULL'


def listing() -> Listed:
    """Those that are there, the latest decided first."""
    return Listed([SQL(ARCHIVED)], "authors", "submission_archived")


def count() -> int:
    """How many there are."""
    text, params = listing().ids(limit=EVERY, ordered=False)
    return int(db.execute_sql(f"SELECT COUNT(*) FROM ({text}) AS c", params).fetchone()[0])  # noqa: S608 (made by peewee)
