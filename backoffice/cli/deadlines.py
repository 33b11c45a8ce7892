"""``flask deadlines``: what the working clock says, and why."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import IO
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext

from backoffice import calendars
from backoffice.cli.words import language, pick, say
from backoffice.clock import utcnow
from backoffice.domain import evaluation
from backoffice.domain.errors import Refused
from backoffice.domain.opening_hours import Hours
from backoffice.domain.working_clock import WorkingClock
from backoffice.store.base import LAST_ID
from backoffice.usecases import explain as why


@click.group()
def command() -> None:
    """Explain and evaluate deadlines of the working clock."""


@command.command()
@click.argument("file", type=click.File("rb"))
def evaluate(file: IO[bytes]) -> None:
    """Answer a JSON array of questions from FILE (or - for standard input) on standard output.

    The file's format and the error codes are in docs/working-clock.md. Exits with 2 when FILE is not a JSON array.
    """
    try:
        items = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"not JSON: {error}") from None
    if not isinstance(items, list):
        raise click.UsageError("a JSON array is expected")
    answers = evaluation.evaluate(items, policy=calendars.load_policy(), clock_for=_clock)
    click.echo(json.dumps(answers, indent=2))  # in ASCII: an id may hold what no encoding can write


@cache
def _clock(calendar: str, zone: str, hours: Hours, shorten: bool) -> WorkingClock:
    return WorkingClock(calendars.load_calendar(calendar), ZoneInfo(zone), hours=hours, shorten=shorten)


@command.command()
@click.argument("submission_id", metavar="ID", type=click.IntRange(0, LAST_ID, clamp=True))
@with_appcontext
def explain(submission_id: int) -> None:
    """Say where the deadline of submission ID comes from, day by day."""
    with current_app.extensions["wiring"].database.connection_context():
        try:
            found = why.explain(submission_id, now=utcnow())
        except Refused as refused:
            raise click.ClickException(
                pick(ru="Такой заявки нет.", en="There is no such submission.") + f" ({refused.reason})"
            ) from None
        _print(found)


def _print(found: why.Explanation) -> None:
    row = found.submission
    due = _at(row.deadline_at, found) if row.deadline_at else pick(ru="нет, часы остановлены", en="none, the clock stands still")
    budget, left = why.hours(found.budget), why.hours(found.remaining)
    say(ru=f"Заявка {row.id} «{row.title}»", en=f"Submission {row.id} “{row.title}”")
    say(ru=f"Отправлена {_at(found.start, found)}, срок: {due}", en=f"Submitted {_at(found.start, found)}, deadline: {due}")
    say(ru=f"Всего {budget}, осталось {left} рабочего времени", en=f"{budget} in all, {left} of working time left")
    if row.deadline_provisional:
        say(ru="Срок предварительный.", en="The deadline is provisional.")
    click.echo()
    for day in found.days:
        words = "; ".join(why.reasons(day, language()))
        click.echo(f"{day.day:%d.%m.%Y}  {why.hours(day.worked):>6}  {why.hours(day.total):>6}  {words}".rstrip())
    click.echo()
    for rung in found.rungs:
        at = _at(rung.due_at, found) if rung.due_at else "—"
        fired = f", {pick(ru='сработала', en='fired')} {_at(rung.fired_at, found)}" if rung.fired_at else ""
        click.echo(f"{rung.percent:>4} %  {at}{fired}")
    for move in found.moves:
        click.echo(f"{_at(move.at, found)}  {move.action}: {move.data.get('reason', move.data.get('cause', ''))}")


def _at(at: datetime, found: why.Explanation) -> str:
    return f"{at.astimezone(found.clock.zone):%d.%m.%Y %H:%M}"
