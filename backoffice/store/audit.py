"""The audit log: who did what, when. Append-only; triggers on both databases refuse UPDATE and DELETE."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import ForeignKeyField

from backoffice.domain.events import Event
from backoffice.store.base import InstantField, JsonField, Row, WordField, insert_all
from backoffice.store.listings import Submission
from backoffice.store.people import Person


class Audit(Row):
    """One fact. ``person`` is null when the product itself did it."""

    at = InstantField(index=True)
    person = ForeignKeyField(Person, null=True, backref="+", on_delete="RESTRICT")
    submission = ForeignKeyField(Submission, null=True, backref="audit", on_delete="RESTRICT")
    action = WordField(max_length=40, index=True)
    data = JsonField(default=dict)

    class Meta:
        table_name = "audit"


def fact(
    event: Event, *, now: datetime, person: Person | None = None, submission: Submission | int | None = None, **data: Any
) -> dict[str, Any]:
    """One row, to be recorded with others."""
    return {"at": now, "person": person, "submission": submission, "action": event, "data": data}


def record(
    event: Event, *, now: datetime, person: Person | None = None, submission: Submission | int | None = None, **data: Any
) -> None:
    """Append one row; call it inside the transaction of what it tells."""
    Audit.insert(fact(event, now=now, person=person, submission=submission, **data)).execute()


def record_all(facts: Sequence[dict[str, Any]]) -> None:
    """Append many rows; call it inside the transaction of what they tell."""
    insert_all(Audit, facts)
