"""Where a submission stands on the clock, and why it stands where it stands: for the queue's rows and the review's header (M1, M7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from peewee import fn

from backoffice.clock import utcnow
from backoffice.domain.priority import Reason, Standing, reasons, urgency
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep


@dataclass(frozen=True, slots=True)
class Shown:
    """What a header or a row says. ``remaining`` is working time, None while nothing ticks."""

    reasons: list[Reason]
    remaining: timedelta | None
    urgency: str
    step: int


def standing_of(submission: Submission) -> Shown:
    """The standing of one submission, now."""
    clock = current_app.extensions["wiring"].working_clock
    now = utcnow()
    step = EscalationStep.select(fn.MAX(EscalationStep.step)).where(EscalationStep.submission == submission).scalar() or 0
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
            step=int(step),
            infected=submission.infected,
            worst_finding=submission.worst_finding,
            on_hold=submission.on_hold,
            overridden=submission.deadline_override,
            provisional=submission.deadline_provisional,
        )
    )
    if submission.state not in ("checking", "awaiting_review"):
        named = [reason for reason in named if reason not in (Reason.OVERDUE, Reason.DUE_TODAY, Reason.ESCALATED)]
    return Shown(named, remaining, urgency(remaining, budget), int(step))
