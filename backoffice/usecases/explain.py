"""«Почему?»: where a submission's deadline comes from, day by day, with everything people did to it (M1, M7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backoffice.domain.deadlines import elapsed
from backoffice.domain.errors import Refused
from backoffice.domain.events import Event
from backoffice.domain.trace import TraceDay, trace
from backoffice.domain.working_clock import WorkingClock
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep
from backoffice.usecases.policy_clock import WITH_AUTHOR, policy_clock, step_at, timing

_MOVES = (Event.HELD, Event.RESUMED, Event.DEADLINE_MOVED)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: when it is due (None past an open pause), and when it fired, if it has."""

    percent: int
    due_at: datetime | None
    fired_at: datetime | None
    skipped: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. ``until`` is where the days end: the deadline, the decision after it, or now, whichever is latest.

    ``moves`` are the audit rows of holds, resumptions, deadlines set by hand and changes of the calendar, oldest first.
    """

    submission: Submission
    start: datetime
    until: datetime
    budget: timedelta
    elapsed: timedelta
    remaining: timedelta
    clock: WorkingClock
    days: Sequence[TraceDay]
    rungs: Sequence[Rung]
    moves: Sequence[Audit]


def explain(submission_id: int, *, now: datetime) -> Explanation:
    """Explain one submission's deadline; ``Refused("not_found")``, or ``Refused("not_submitted")`` for a draft."""
    submission: Submission | None = Submission.get_or_none(Submission.id == submission_id)
    if submission is None:
        raise Refused("not_found")
    if submission.submitted_at is None:
        raise Refused("not_submitted")
    clock, policy = policy_clock()
    times = timing(submission, policy)
    end: datetime = submission.decided_at or now
    fired = {row.step: row for row in EscalationStep.select().where(EscalationStep.submission == submission)}
    worked = elapsed(clock, times.start, end, times.pauses)
    due: datetime | None = submission.deadline_at
    until = max(due or end, end)
    return Explanation(
        submission=submission,
        start=times.start,
        until=until,
        budget=times.budget,
        elapsed=worked,
        remaining=times.budget - worked,
        clock=clock,
        days=trace(clock, times.start, until, times.pauses),
        rungs=[
            Rung(
                step.percent,
                step_at(clock, times, step.percent),
                fired[step.percent].fired_at if step.percent in fired else None,
                bool(step.percent in fired and fired[step.percent].skipped),
            )
            for step in policy.ladder
        ],
        moves=list(
            Audit.select()
            .where((Audit.submission == submission) & Audit.action.in_([str(event) for event in _MOVES]))
            .order_by(Audit.id)
        ),
    )


def reasons(day: TraceDay, language: str) -> list[str]:
    """Why a day counted as it did, in «ru» or «en»: what kind of day it is and by which decree, and what stopped the clock on it."""
    russian = language == "ru"
    found = []
    if day.note:
        words, source = (day.note.ru, day.note.source_ru) if russian else (day.note.en, day.note.source_en)
        found.append(f"{words} ({source})" if source else words)
    elif not day.working:
        found.append("выходной" if russian else "weekend")
    for reason in day.reasons:
        if reason == WITH_AUTHOR:
            found.append("была у автора" if russian else "the author had it")
        else:
            found.append(f"пауза: {reason}" if russian else f"on hold: {reason}")
    if day.provisional:
        found.append("год ещё не утверждён постановлением" if russian else "no decree for this year yet")
    return found


def hours(length: timedelta) -> str:
    """«12:30»: hours and minutes, rounded down; a minus in front of what is negative."""
    minutes = abs(length) // timedelta(minutes=1)
    return f"{'−' if length < timedelta(0) else ''}{minutes // 60}:{minutes % 60:02}"
