"""Shifts, days away and skills of one moderator, for leads (M9)."""

from __future__ import annotations

from itertools import zip_longest

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.domain.permissions import Role
from backoffice.i18n import gettext, language, lazy
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from backoffice.usecases.duties import MOST, set_duties
from backoffice.web.staff import year
from backoffice.web.staff.base import LEADS, StaffView

TWICE = 2  # a shift with a break in it has two parts
BLANK = 2  # empty rows for absences that are yet to come


class Duties(StaffView):
    """A form for one person. It has no page of its own in the menu: the desk's people page links to it."""

    roles = LEADS

    def is_visible(self) -> bool:
        """Not in a menu."""
        return False

    @expose("/")
    def index(self) -> Response:
        """Its place is the people page."""
        return redirect(url_for("staff_desk.people"))

    @expose("/<int:person_id>")
    def show(self, person_id: int) -> str:
        """What is known of this person."""
        person = _moderator(person_id)
        shifts = [[(since, until) for weekday, since, until in person.weekly_shifts if int(weekday) == n] for n in range(7)]
        places = max(TWICE, *map(len, shifts))
        active = DictionaryValue.active == True  # noqa: E712
        values = DictionaryValue.select().where(active, DictionaryValue.kind.in_(["industry", "technology"]))
        return self.render(
            "staff/duties.html",
            someone=person,
            week=[(n, full, shifts[n] + [("", "")] * (places - len(shifts[n]))) for n, (_, full) in enumerate(year.weekdays())],
            absences=[(first, last, reason[0] if reason else "") for first, last, *reason in person.away]
            + [("", "", "")] * BLANK,
            values=[
                (kind, [row for row in values.order_by(DictionaryValue.position) if row.kind == kind])
                for kind in ("industry", "technology")
            ],
            named=lambda value: getattr(value, language()),
            most=MOST,
        )

    @expose("/<int:person_id>", methods=["POST"])
    def save(self, person_id: int) -> Response:
        """Keep it."""
        person, form = _moderator(person_id), request.form
        week = [
            (n, since, until)
            for n in range(7)
            for since, until in zip_longest(form.getlist(f"from-{n}"), form.getlist(f"until-{n}"), fillvalue="")
        ]
        away = list(zip(*(form.getlist(name) for name in ("first", "last", "reason")), strict=False))
        changed = set_duties(
            person,
            shifts=[row for row in week if row[1] or row[2]],
            absences=[(first, last, reason[:100]) for first, last, reason in away if first or last],
            skills=form.getlist("skill", type=int),
            capacity=form.get("capacity", -1, type=int),
            by=current_user._get_current_object(),
            now=utcnow(),
        )
        flash(gettext("Saved: %(name)s.", name=person.name) if changed else gettext("Nothing has changed."), "success")
        return redirect(url_for("staff_desk.people"))


def _moderator(person_id: int) -> Person:
    person: Person | None = Person.get_or_none(Person.id == person_id, Person.active == True)  # noqa: E712
    if person is None or not person.role_names() & {Role.MODERATOR, Role.LEAD}:
        abort(404)
    return person


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Duties(name=lazy("Shifts and skills"), endpoint="staff_duties", url="/staff/duties")]
