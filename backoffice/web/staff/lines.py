"""Rows of submissions as staff read them: reasons, working time left, who has it. Computed for a whole page at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from flask import current_app, url_for
from flask_login import current_user

from backoffice.domain.claims import is_live
from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.priority import Reason, Standing, reasons, urgency
from backoffice.domain.states import State
from backoffice.domain.working_clock import WorkingClock, micros
from backoffice.i18n import gettext, language, ngettext
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.store.queues import Page, Watch
from backoffice.web.wording import duration

AHEAD = 2  # working days that a moderator sees ahead (M3)


@dataclass(frozen=True, slots=True)
class Line:
    """One row. ``left`` is working time (negative: overdue; None: no deadline runs), ``used`` percent of the budget."""

    row: Submission
    reasons: list[Reason]
    step: int
    left: timedelta | None
    used: int | None
    urgency: str
    values: list[str]
    mine: bool
    held: bool
    conflict: str
    draft: bool
    skipped: str
    decider: str

    @property
    def awaiting(self) -> bool:
        """Whether somebody could take it now."""
        return bool(self.row.state == State.AWAITING_REVIEW)

    @property
    def running(self) -> bool:
        """Whether its clock matters still."""
        return self.row.state in (State.AWAITING_REVIEW, State.CHECKING)


def clock() -> WorkingClock:
    """The office's working clock."""
    found: WorkingClock = current_app.extensions["wiring"].working_clock
    return found


def policy() -> DeadlinePolicy:
    """How long moderation may take, and the ladder."""
    found: DeadlinePolicy = current_app.extensions["wiring"].deadline_policy
    return found


def working_day(running: WorkingClock) -> timedelta:
    """How long the clock runs on an ordinary working day."""
    return timedelta(seconds=sum(end - start for start, end in running.hours))


def watch(person: Person, *, now: datetime, far: bool = False) -> Watch:
    """How this person looks at the queue: moderators two working days ahead unless they ask for more, leads without a limit."""
    running = clock()
    today = running.day_of(now)
    limited = not far and "lead" not in person.role_names()
    return Watch(
        person=person,
        now=now,
        today=running.midnight(today),
        tomorrow=running.midnight(today + timedelta(days=1)),
        horizon=running.deadline(now, AHEAD * working_day(running)) if limited else None,
    )


def remaining(rows: Sequence[Submission], now: datetime) -> list[timedelta | None]:
    """Working time from ``now`` to each deadline, all in one pass; None where no deadline runs."""
    dues = [row.deadline_at for row in rows]
    known = np.array([micros(due) for due in dues if due], np.int64)
    worked = iter(clock().elapsed_many(np.full(known.shape, micros(now), np.int64), known))
    return [timedelta(microseconds=int(next(worked))) if due else None for due in dues]


def lines(page: Page, seen: Watch) -> list[Line]:
    """What the table shows."""
    budget = policy().budget
    return [_line(row, left, page, seen, budget) for row, left in zip(page.rows, remaining(page.rows, seen.now), strict=True)]


def _line(row: Submission, left: timedelta | None, page: Page, seen: Watch, ordinary: timedelta) -> Line:
    budget = timedelta(seconds=row.budget_seconds) if row.budget_seconds else ordinary
    held = is_live(row.claimant_id, row.claim_expires_at, now=seen.now)
    step = page.steps.get(row.id, 0)
    return Line(
        row=row,
        reasons=_reasons(row, seen, step),
        step=step,
        left=left,
        used=max(0, round(100 * (1 - left / budget))) if left is not None else None,
        urgency=urgency(left, budget),
        values=[str(getattr(value, language())) for value in page.values.get(row.id, [])],
        mine=held and row.claimant_id == seen.person.id,
        held=held,
        conflict=seen.person.barred_from(row.author) or "",
        draft=row.id in page.drafts,
        skipped=page.skips.get(row.id, ""),
        decider=page.deciders.get(row.id, ""),
    )


def _reasons(row: Submission, seen: Watch, step: int) -> list[Reason]:
    running = row.state in (State.AWAITING_REVIEW, State.CHECKING)
    standing = Standing(
        deadline_at=row.deadline_at if running else None,
        now=seen.now,
        today_ends=seen.tomorrow,
        number=row.number,
        step=step,
        infected=row.infected,
        worst_finding=row.worst_finding,
        on_hold=row.on_hold,
        overridden=row.deadline_override,
        provisional=row.deadline_provisional,
    )
    return reasons(standing)


def time_left(line: Line) -> str:
    """«осталось 31 ч 20 мин» or «просрочено на 5 ч 10 мин», in working time; words, since colour alone tells nothing."""
    if line.row.on_hold:
        return gettext("the clock is stopped")
    if line.left is None:
        return gettext("no deadline")
    if line.left <= timedelta(0):
        return gettext("overdue by %(time)s", time=duration(-line.left))
    return gettext("%(time)s left", time=duration(line.left))


def later_words(found: int) -> str:
    """What the horizon leaves out."""
    return ngettext(
        "%(num)s more submission is due later than two working days.",
        "%(num)s more submissions are due later than two working days.",
        found,
    )


def review_url(submission_id: int, **more: Any) -> str:
    """The review page of a submission."""
    return url_for("staff_review.show", submission_id=submission_id, **more)


def density() -> str:
    """The reader's choice of how much room a row takes."""
    return str(current_user.preferences.get("density", "comfortable"))
