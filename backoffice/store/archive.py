"""What authors never answered: out of sight, and not gone (M7)."""

from __future__ import annotations

from typing import Any

from peewee import SQL

from backoffice.store.listings import Submission

# Literal, as the partial index has it: SQLite matches such an index by text.
ARCHIVED = '"t1"."state" = \'returned\' AND "t1"."answered_at" IS NULL AND "t1"."archived_at" IS NOT NULL'


def conditions() -> list[Any]:
    """What makes a submission one of the archive."""
    return [SQL(ARCHIVED)]


def count() -> int:
    """How many there are."""
    return int(Submission.select().where(*conditions()).count())
