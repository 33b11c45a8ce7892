"""Leads give submissions to named moderators, one or many at once (M3, M9)."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.domain.errors import Refused
from backoffice.i18n import gettext, lazy, ngettext
from backoffice.store.base import db
from backoffice.store.people import Person
from backoffice.usecases import assign
from backoffice.web.staff.base import LEADS, StaffView

MOST = 500  # submissions at once


class Assigning(StaffView):
    """What a lead does with the rows that are ticked. It has no page of its own in the menu."""

    roles = LEADS

    def is_visible(self) -> bool:
        """Not in a menu."""
        return False

    @expose("/")
    def index(self) -> Response:
        """Its place is the queue."""
        return redirect(url_for("staff_queue.index"))

    @expose("/to", methods=["POST"])
    def assign(self) -> Response:
        """Give them all to one person, or none of them where a rule forbids one."""
        picked, by = _picked(), _me()
        to: Person | None = Person.get_or_none(Person.id == request.form.get("to", type=int), Person.active == True)  # noqa: E712
        if to is None:
            raise Refused("whom_needed")
        changed = assign.assign(picked, to=to, by=by, now=utcnow(), note=request.form.get("note", "")[:300])
        words = ngettext(
            "%(num)s submission is assigned: %(name)s", "%(num)s submissions are assigned: %(name)s", len(changed), name=to.name
        )
        flash(words if changed else gettext("They were assigned to %(name)s already.", name=to.name), "success")
        return redirect(request.referrer or url_for("staff_queue.index"))

    @expose("/off", methods=["POST"])
    def unassign(self) -> Response:
        """Back to the pool."""
        picked, now = _picked(), utcnow()
        with db.atomic():
            for submission_id in picked:
                assign.unassign(submission_id, by=_me(), now=now)
        flash(ngettext("%(num)s submission is free again.", "%(num)s submissions are free again.", len(picked)), "success")
        return redirect(request.referrer or url_for("staff_queue.index"))


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person


def _picked() -> list[int]:
    ids = [int(value) for value in request.form.getlist("id") if value.isascii() and value.isdecimal() and len(value) < 10]
    if not ids:
        raise Refused("nothing_selected")
    return ids[:MOST]


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Assigning(name=lazy("Assignment"), endpoint="staff_assign", url="/staff/assign")]
