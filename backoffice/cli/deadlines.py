"""``flask deadlines``: what the working clock says, and why."""

from __future__ import annotations

import json
from functools import cache
from typing import IO
from zoneinfo import ZoneInfo

import click

from backoffice import calendars
from backoffice.domain import evaluation
from backoffice.domain.opening_hours import Hours
from backoffice.domain.working_clock import WorkingClock


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
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from None
    if not isinstance(items, list):
        raise click.UsageError("a JSON array is expected")
    answers = evaluation.evaluate(items, policy=calendars.load_policy(), clock_for=_clock)
    click.echo(json.dumps(answers, ensure_ascii=False, indent=2))


@cache
def _clock(calendar: str, zone: str, hours: Hours, shorten: bool) -> WorkingClock:
    return WorkingClock(calendars.load_calendar(calendar), ZoneInfo(zone), hours=hours, shorten=shorten)
