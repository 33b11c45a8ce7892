"""A lead says when a moderator is on duty, what they know and how much is right for them: the desk and its forecast go by it (M9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from backoffice.domain.errors import Refused
from backoffice.domain.events import Event
from backoffice.domain.permissions import Role
from backoffice.domain.shifts import checked_absences, checked_shifts
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person

MOST = 500  # open submissions at once


def set_duties(
    person: Person,
    *,
    shifts: Sequence[tuple[int, str, str]],
    absences: Sequence[tuple[str, str, str]],
    skills: Collection[int],
    capacity: int,
    by: Person,
    now: datetime,
) -> list[str]:
    """Weekly shifts (none: every working day, 9 to 18), days away, skills and how many submissions are right; the names of what changed.

    Skills are ids of dictionary values; what is no such value is left out.
    """
    if Role.LEAD not in by.role_names():
        raise Refused("not_a_lead")
    if not 0 <= capacity <= MOST:
        raise Refused("bad_capacity", most=MOST)
    known = DictionaryValue.select(DictionaryValue.id).where(DictionaryValue.id.in_(list(skills)))
    wanted: dict[str, Any] = {
        "weekly_shifts": checked_shifts(shifts),
        "away": checked_absences(absences),
        "skills": sorted(row.id for row in known),
        "capacity": capacity,
    }
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if changed:
        with db.atomic():
            Person.update(**changed).where(Person.id == person.id).execute()
            audit.record(Event.PERSON_CHANGED, now=now, person=by, subject=person.id, **changed)
    return sorted(changed)
