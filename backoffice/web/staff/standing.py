"""Where a submission stands on the clock, and why it stands where it stands: for the queue's rows and the review's header (M1, M7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from peewee import fn

from backoffice.clock import utcnow
from backoffice.domain.priority import Reason, Standing, reasons, urgency
from backoffice.domain.working_clock import WorkingClock
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep


@dataclass(frozen=True, slots=True)
class Shown:
    """What a header or a row says. ``remaining`` is working time, None while nothing ticks."""

    reasons: list[Reason]
    remaining: timedelta | None
    urgency: str
    step: int


def standings_of(submissions: Sequence[Submission]) -> dict[int, Shown]:
    """How each stands now, by its id: two queries for all of them."""
    clock, now = current_app.extensions["wiring"].working_clock, utcnow()
    fired = EscalationStep.select(EscalationStep.submission, fn.MAX(EscalationStep.step))
    ids = [submission.id for submission in submissions]
    steps = dict(fired.where(EscalationStep.submission.in_(ids)).group_by(EscalationStep.submission).tuples())
    return {submission.id: _standing(submission, steps.get(submission.id, 0), clock, now) for submission in submissions}


def _standing(submission: Submission, step: int, clock: WorkingClock, now: datetime) -> Shown:
    remaining = None
    if submission.deadline_at and submission.state in ("checking", "awaiting_review") and not submission.on_hold:
        due = submission.deadline_at
        remaining = clock.elapsed(now, due) if due > now else -clock.elapsed(due, now)
    budget = timedelta(seconds=submission.budget_seconds or 1)
    named = reasons(
        Standing(
            deadline_at=submission.deadline_at,
            now=now,
            today_ends=clock.midnight(clock.day_of(now) + timedelta(days=1)),
            number=submission.number,
            step=step,
            infected=submission.infected,
            worst_finding=submission.worst_finding,
            on_hold=submission.on_hold,
            overridden=submission.deadline_override,
            provisional=submission.deadline_provisional,
        )
    )
    if submission.state not in ("checking", "awaiting_review"):
        named = [reason for reason in named if reason not in (Reason.OVERDUE, Reason.DUE_TODAY, Reason.ESCALATED)]
    return Shown(named, remaining, urgency(remaining, budget), step)
