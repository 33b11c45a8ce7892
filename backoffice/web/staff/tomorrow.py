"""What is coming: the forecast of the next business days, and what moving work would change (M9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date
from peewee import SQL, ModelSelect

from backoffice.domain.forecast import Forecast
from backoffice.i18n import gettext, language
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.store.reports import OPEN, Moment, rows
from backoffice.usecases.outlook import Outlook, outlook
from backoffice.web.staff.charts import Chart, Series

MOST_MOVED = 200
AT_RISK = 15  # rows of the list
WORTH_NAMING = 0.05  # probability of being late


def told(args: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """The forecast, and what it becomes when work moves: with ``move=N&of=PERSON&to=PERSON`` the N most urgent ones of somebody.

    Without ``of`` those that are free, without ``to`` back to the pool.
    """
    many, of, to = (_number(args.get(name, "")) for name in ("move", "of", "to"))
    moves: dict[int, int | None] = {}
    if many and of != to:
        found_rows = _of(of) if of else rows("unassigned", Moment(now, now, now))
        moves = {row.id: to or None for row in found_rows.limit(min(many, MOST_MOVED))}
    found = outlook(now=now, moves=moves)
    risks = _risks(found.told, now)
    return {
        "chart": _chart(found),
        "risks": risks,
        "changed": found.changed.risks if found.changed else {},
        "moved": len(moves),
        "move": many or "",
        "of": of,
        "to": Person.get_or_none(Person.id == to) if moves else None,
    }


def _of(person_id: int) -> ModelSelect:
    """What somebody has been assigned, the most urgent first."""
    given = Submission.select().where(SQL(OPEN), Submission.assignee == person_id)
    return given.order_by(Submission.deadline_at, Submission.id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _risks(forecast: Forecast, now: datetime) -> list[tuple[Submission, float]]:
    """The submissions most likely to be late that are not late yet, with the probability."""
    likely = [number for number, risk in forecast.risks.items() if risk >= WORTH_NAMING]
    found = Submission.select().where(Submission.id.in_(likely), Submission.deadline_at > now) if likely else []
    ranked = sorted(
        ((row, forecast.risks[row.id]) for row in found), key=lambda pair: (-pair[1], pair[0].deadline_at, pair[0].id)
    )
    return ranked[:AT_RISK]


def _chart(found: Outlook) -> Chart:
    days = found.told.days
    series = [Series(gettext("New late ones by the end of the day, on average"), [round(day.mean, 1) for day in days], "line")]
    if found.changed:
        series.append(Series(gettext("After the move"), [round(day.mean, 1) for day in found.changed.days], "dashes"))
    return Chart(
        name="forecast",
        title=gettext("How many more will be late by each of the next business days"),
        words=gettext("The band holds four of five simulated futures."),
        labels=[format_date(day, "EEE d", locale=language()) for day in found.days],
        series=series,
        extra=[
            Series(gettext("At best"), [day.low for day in days]),
            Series(gettext("Median"), [day.median for day in days]),
            Series(gettext("At worst"), [day.high for day in days]),
        ],
        band=([day.low for day in days], [day.high for day in days]),
        axis=gettext("Day"),
    )
