"""The lead's desk: what stands where now, who has how much, what is coming, how it went (M9). No personal rankings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.i18n import gettext, language, lazy
from backoffice.store import archive, queues, reports
from backoffice.store.filters import Filters
from backoffice.store.queues import Page, Watch
from backoffice.store.reports import FIGURES, Moment
from backoffice.usecases import digest, history, team
from backoffice.web.access import needed
from backoffice.web.staff import board, choices, export, lines, past, tomorrow
from backoffice.web.staff.asked import Asked
from backoffice.web.staff.base import LEADS, StaffView

SOON = timedelta(hours=24)  # working time
FIRST = 12  # rows on the desk itself
NAMES = {
    "open": lazy("All open"),
    "overdue": lazy("Overdue"),
    "due_soon": lazy("Due in 24 working hours"),
    "due_today": lazy("Due today"),
    "unassigned": lazy("Unassigned"),
    "checking": lazy("Waiting for checks"),
    "on_hold": lazy("On hold"),
    "authors": lazy("Waiting on authors"),
}


class Desk(StaffView):
    """Four pages: now, people, forecast, history."""

    roles = LEADS

    @expose("/")
    def index(self) -> str | Response:
        """Now: the numbers, and the list by time left."""
        now = utcnow()
        moment, seen = _moment(now), lines.watch(current_user, now=now)
        figures = reports.figures(moment)
        page = queues.listed(reports.listing("open", moment), seen.person, limit=FIRST)
        return self.lively(
            "staff/desk.html",
            "staff/desk_now.html",
            figures=[(name, gettext(NAMES[name]), getattr(figures, name)) for name in FIGURES],
            today=reports.span(seen.today, now),
            **_rows(page, seen),
        )

    @expose("/list/<figure>")
    def rows(self, figure: str) -> str | Response:
        """Exactly the rows that a number counts."""
        if figure not in FIGURES:
            abort(404)
        now = utcnow()
        seen = lines.watch(current_user, now=now)
        page = _page(figure, seen, now)
        told = {"figure": figure, "title": gettext(NAMES[figure]), **_rows(page, seen)}
        told["archived"] = archive.count() if figure == "authors" else 0
        return self.lively("staff/desk_list.html", "staff/desk_rows.html", **told)

    @expose("/list/<figure>.csv")
    def rows_csv(self, figure: str) -> Response:
        """The same rows for a spreadsheet."""
        if figure not in FIGURES:
            abort(404)
        now = utcnow()
        seen, moment = lines.watch(current_user, now=now), _moment(now)
        wanted = reports.listing(figure, moment)
        return export.csv(
            figure,
            seen,
            lambda cursor, limit: queues.listed(wanted, seen.person, cursor=cursor, limit=limit),
            language=language(),
        )

    @expose("/archive")
    def archive(self) -> str:
        """What authors never answered, the latest first."""
        seen = lines.watch(current_user, now=utcnow())
        page = queues.listed(archive.listing(), seen.person, cursor=request.args.get("after", "")[:200])
        return self.render("staff/desk_archive.html", page=page, review_url=lines.review_url)

    @expose("/archive/<int:submission_id>/back", methods=["POST"])
    def unarchive(self, submission_id: int) -> Response:
        """Out of the archive: the author has as many days again."""
        digest.unarchive(submission_id, by=current_user._get_current_object(), now=utcnow())
        flash(gettext("Submission %(number)s waits for its author again.", number=submission_id), "success")
        return redirect(url_for(".archive"))

    @expose("/people")
    def people(self) -> str | Response:
        """Load by person, by name, and what each has, to be dragged from one to another."""
        now = utcnow()
        loads = team.loads(now=now)
        return self.lively(
            "staff/desk_people.html",
            "staff/desk_board.html",
            loads=loads,
            columns=board.columns(loads, lines.watch(current_user, now=now)),
            hour=_hour,
            moderators=choices.moderators(),
            time_left=lines.time_left,
            review_url=lines.review_url,
        )

    @expose("/forecast")
    def forecast(self) -> str | Response:
        """What will be late in the next business days, and what moving work would change; the answer to a question stands still."""
        told = tomorrow.told(request.args, now=utcnow())
        told |= {"moderators": choices.moderators(), "review_url": lines.review_url}
        page, part = "staff/desk_forecast.html", "staff/desk_forecast_now.html"
        return self.render(page, live_part=part, **told) if told["moved"] else self.lively(page, part, **told)

    @expose("/forecast.csv")
    def forecast_csv(self) -> Response:
        """The forecast's chart as a file."""
        chart = tomorrow.told(request.args, now=utcnow())["chart"]
        return export.table(chart.name, [chart.header, *chart.rows])

    @expose("/history")
    def history(self) -> str | Response:
        """The past weeks as charts, each with its table."""
        made_at, weeks = history.told(_asked_weeks(), now=utcnow())
        charts = past.charts(weeks)
        return self.lively(
            "staff/desk_history.html", "staff/desk_history_now.html", charts=charts, weeks=_asked_weeks(), made_at=made_at
        )

    @expose("/history/<chart>.csv")
    def history_csv(self, chart: str) -> Response:
        """One chart's table."""
        found = next((each for each in past.charts(history.told(_asked_weeks(), now=utcnow())[1]) if each.name == chart), None)
        if found is None:
            abort(404)
        return export.table(found.name, [found.header, *found.rows])


def _moment(now: datetime) -> Moment:
    running = lines.clock()
    tomorrow_begins = running.midnight(running.day_of(now) + timedelta(days=1))
    return Moment(now=now, soon=running.deadline(now, SOON), tomorrow=tomorrow_begins)


def _page(figure: str, seen: Watch, now: datetime) -> Page:
    cursor = request.args.get("after", "")[:200]
    return queues.listed(reports.listing(figure, _moment(now)), seen.person, cursor=cursor)


def _rows(page: Page, seen: Watch) -> dict[str, Any]:
    """What the rows of the queue want to be told."""
    return {
        "asked": Asked("all", Filters()),
        "page": page,
        "lines": lines.lines(page, seen),
        "time_left": lines.time_left,
        "review_url": lines.review_url,
        "me": current_user,
        "leads": True,
        "density": lines.density(),
        "moderators": choices.moderators(),
    }


def _asked_weeks() -> int:
    return {"26": 26, "52": 52}.get(request.args.get("weeks", ""), 12)


def _hour(part: float) -> str:
    """A part of a day as a time of day."""
    minutes = round(part * 1440)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def tabs() -> list[tuple[str, str, str]]:
    """(endpoint, address, words) of the desk's pages, and of the calendar; those that the reader may open."""
    names = (
        ("staff_desk.index", gettext("Now")),
        ("staff_desk.people", gettext("People")),
        ("staff_desk.forecast", gettext("Forecast")),
        ("staff_desk.history", gettext("History")),
        ("staff_calendar.index", gettext("Calendar")),
    )
    roles = current_user.role_names()
    return [(name, url_for(name), words) for name, words in names if (needed(current_app, name) or frozenset()) & roles]


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Desk(name=lazy("Lead's desk"), endpoint="staff_desk", url="/staff/desk")]
