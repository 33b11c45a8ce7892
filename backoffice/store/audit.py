"""The audit log: who did what, when. Append-only; triggers on both databases refuse UPDATE and DELETE."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import ForeignKeyField

from backoffice.domain.events import Event
from backoffice.store.base import InstantField, JsonField, Row, WordField
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


def record(
    event: Event, *, now: datetime, person: Person | None = None, submission: Submission | int | None = None, **data: Any
) -> None:
    """Append one row; call it inside the transaction of what it tells."""
    Audit.insert(at=now, person=person, submission=submission, action=event, data=data).execute()
