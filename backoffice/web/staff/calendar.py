"""The working calendar: the year with every day's reason, and the staff's own changes with a preview of what they move (M1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from peewee import JOIN
from werkzeug.wrappers import Response

from backoffice import calendars
from backoffice.clock import utcnow
from backoffice.domain.errors import Refused
from backoffice.domain.work_days import DayTable
from backoffice.i18n import gettext, language, lazy
from backoffice.store.calendar import CalendarChange
from backoffice.store.people import Person
from backoffice.usecases.calendar_preview import effect
from backoffice.usecases.policy_clock import KINDS, change_day, policy_clock, restore_day
from backoffice.usecases.recompute import left
from backoffice.web.live import renewed
from backoffice.web.staff import lines, year
from backoffice.web.staff.base import KEEPERS, StaffView

LONGEST = 500  # characters of a reason
RESTORED = "restored"  # beside the kinds of day: the calendar's own word again


class WorkingCalendar(StaffView):
    """One page a year; a change goes through its preview."""

    roles = KEEPERS

    @expose("/")
    def index(self) -> str:
        """The year, the staff's changes in it, and the form for another."""
        clock, policy = policy_clock()
        table, today = clock.table, clock.day_of(utcnow())
        day = _asked_day(request.args.get("day", ""))
        shown = _asked_year(table, day or today)
        months = year.months(table, shown)
        return self.render(
            "staff/calendar.html",
            year=shown,
            years=[n for n in (shown - 1, shown, shown + 1) if table.first.year <= n <= table.last.year],
            months=months,
            weekdays=year.weekdays(),
            unusual=year.unusual(table, shown),
            provisional=bool(table.years) and shown not in table.years,
            decree=(calendars.decree(policy.calendar, shown) or {}).get(language(), ""),
            layers=[layer[language()] for layer in calendars.layers(policy.calendar)],
            changes=_changes(shown),
            regional=any(cell.layer == "region" for month in months for week in month.weeks for cell in week if cell),
            today=today,
            picked=day,
            picked_note=table.notes.get(day) if day else None,
            table=table,
            kinds=KINDS,
            counted_whole=not policy.shorten,
            live_url=url_for(".following"),
            left=left(),
            **_words(),
        )

    @expose("/following")
    def following(self) -> Response:
        """How many open deadlines are still to follow the calendar: the part of the page that renews itself."""
        return renewed(self.render("staff/calendar_following.html", left=left()))

    @expose("/preview")
    def preview(self) -> str:
        """What the change would move. Nothing is changed."""
        clock, policy = policy_clock()
        day, kind, reason = _day(request.args.get("day", "")), request.args.get("kind", ""), _reason(request.args)
        decree = _decree(request.args)
        found = effect(day, None if kind == RESTORED else kind, now=utcnow(), decree=decree)
        if kind != RESTORED and not reason:
            raise Refused("reason_needed")
        return self.render(
            "staff/calendar_preview.html",
            day=day,
            kind=kind,
            reason=reason,
            decree=decree,
            effect=found,
            past=day < clock.day_of(utcnow()),
            counted_whole=not policy.shorten and "shortened" in (found.was, found.becomes),
            review_url=lines.review_url,
            **_words(),
        )

    @expose("/change", methods=["POST"])
    def change(self) -> Response:
        """Do it. Open deadlines follow in a job."""
        day, kind = _day(request.form.get("day", "")), request.form.get("kind", "")
        by, now = current_user._get_current_object(), utcnow()
        if kind == RESTORED:
            restore_day(day, by=by, now=now, regional=bool(_decree(request.form)))
        else:
            change_day(day, kind, reason=_reason(request.form), decree=_decree(request.form), by=by, now=now)
        flash(gettext("The calendar is changed. Open deadlines follow it."), "success")
        return redirect(url_for(".index", year=day.year))


def _words() -> dict[str, object]:
    """What the templates say days with."""
    return {"full": year.full, "kind_words": year.kind_words, "why": year.why, "restored": RESTORED}


def _changes(shown: int) -> list[CalendarChange]:
    """The staff's changes of a year, also those that are over; the latest first."""
    of_year = (CalendarChange.day >= date(shown, 1, 1)) & (CalendarChange.day <= date(shown, 12, 31))
    who, ender = Person.alias("who"), Person.alias("ender")
    changes = (
        CalendarChange.select(CalendarChange, who, ender)
        .join(who, on=(CalendarChange.person == who.id), attr="person")
        .switch(CalendarChange)
        .join(ender, JOIN.LEFT_OUTER, on=(CalendarChange.ended_by == ender.id), attr="ended_by")
    )
    return list(changes.where(of_year).order_by(CalendarChange.created_at.desc(), CalendarChange.id.desc()))


def _reason(given: Mapping[str, str]) -> str:
    return given.get("reason", "").strip()[:LONGEST]


def _decree(given: Mapping[str, str]) -> str:
    """What the region decided it by; empty for our own days."""
    return given.get("decree", "").strip()[:LONGEST]


def _asked_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day(text: str) -> date:
    """The day that a form names; ``Refused`` for nonsense."""
    if (day := _asked_day(text)) is None:
        raise Refused("no_such_day")
    return day


def _asked_year(table: DayTable, otherwise: date) -> int:
    """Nonsense in the address is left out, never an error."""
    asked = request.args.get("year", type=int) or otherwise.year
    return min(max(asked, table.first.year), table.last.year)


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [
        WorkingCalendar(
            name=lazy("Working calendar"), category=lazy("Reference tables"), endpoint="staff_calendar", url="/staff/calendar"
        )
    ]
