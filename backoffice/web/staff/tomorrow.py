"""What is coming: the forecast of the next business days, and what moving work would change (M9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from babel.dates import format_date
from peewee import SQL, ModelSelect

from backoffice.domain.capacity import MANY
from backoffice.domain.forecast import Change
from backoffice.i18n import gettext, language
from backoffice.store.listings import OPEN, Submission
from backoffice.store.people import Person
from backoffice.store.reports import Moment, rows
from backoffice.usecases.outlook import Outlook, outlook
from backoffice.web.staff.charts import Chart, Series
from backoffice.web.wording import number

MOST_MOVED = 200
AT_RISK = 15  # rows of the list


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
    return {
        "chart": _chart(found),
        "risks": [(row, risk, _after(risk, found.change, row.id)) for row, risk in _named(found.risks, now)],
        "change": found.change,
        "effect": _effect(found),
        "made_at": found.made_at,
        "few": found.decided if found.decided < MANY else None,
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


def _named(risks: Sequence[tuple[int, float]], now: datetime) -> list[tuple[Submission, float]]:
    """The first of these submissions, without those that have been decided or have become late since they were counted."""
    ids = [number for number, _ in risks]
    rows = Submission.select().where(SQL(OPEN), Submission.id.in_(ids), Submission.deadline_at > now)
    known = {row.id: row for row in rows}
    return [(known[number], risk) for number, risk in risks if number in known][:AT_RISK]


def _after(risk: float, change: Change | None, submission_id: int) -> float:
    """The risk with the moves made."""
    return min(max(risk + change.risks.get(submission_id, 0.0), 0.0), 1.0) if change else risk


def _effect(found: Outlook) -> str:
    """What the moves change by the last day, in words; how sure that is as twice the standard error."""
    if found.change is None:
        return ""
    day = format_date(found.days[-1], "d MMMM", locale=language())
    fewer, sure = -round(found.change.days[-1], 1), number(max(round(2 * found.change.error, 1), 0.1))
    if fewer > 0:
        return gettext(
            "By %(day)s that makes about %(num)s fewer late ones (give or take %(sure)s).", day=day, num=number(fewer), sure=sure
        )
    if fewer < 0:
        return gettext(
            "By %(day)s that makes about %(num)s more late ones (give or take %(sure)s).", day=day, num=number(-fewer), sure=sure
        )
    return gettext("By %(day)s the number of late ones stays as it is.", day=day)


def _chart(found: Outlook) -> Chart:
    days = found.told
    series = [Series(gettext("New late ones by the end of the day, on average"), [round(day.mean, 1) for day in days], "line")]
    if found.change:
        after = [round(max(day.mean + less, 0.0), 1) for day, less in zip(days, found.change.days, strict=True)]
        series.append(Series(gettext("After the move"), after, "dashes"))
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
