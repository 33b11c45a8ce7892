"""Days that the staff changed in the working calendar, each with who, when and why (M1). A change that is taken back stays on record."""

from __future__ import annotations

from peewee import DateField, ForeignKeyField, TextField

from backoffice.calendars import DayException
from backoffice.store.base import InstantField, Row, WordField
from backoffice.store.people import Person


class CalendarChange(Row):
    """One day, for as long as ``ended_at`` is null. ``kind``: off | working | shortened. ``decree`` is that of the region, empty for our own."""

    day = DateField()
    kind = WordField(max_length=10)
    reason = TextField()
    decree = TextField(default="")
    person = ForeignKeyField(Person, backref="+", on_delete="RESTRICT")
    created_at = InstantField()
    ended_at = InstantField(null=True)
    ended_by = ForeignKeyField(Person, null=True, backref="+", on_delete="RESTRICT")

    class Meta:
        table_name = "calendar_change"


def exceptions() -> tuple[DayException, ...]:
    """The changes in force, by day."""
    columns = (CalendarChange.day, CalendarChange.kind, CalendarChange.reason, Person.name, CalendarChange.decree)
    rows = CalendarChange.select(*columns).join(Person, on=(CalendarChange.person == Person.id))
    changes = rows.where(CalendarChange.ended_at.is_null()).order_by(CalendarChange.day).tuples()
    return tuple(DayException(day, str(kind), reason, name, decree) for day, kind, reason, name, decree in changes)
