"""A lead stops a submission's clock, lets it run again, or sets its deadline by hand; each with a reason (M7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.states import UNDER_MODERATION
from backoffice.domain.working_clock import micros
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.moderation import Hold
from backoffice.store.people import Person
from backoffice.usecases.policy_clock import Timing, budget_until, columns, fired_steps, policy_clock, timing


def hold(submission_id: int, *, by: Person, reason: str, now: datetime) -> None:
    """Stop the clock: no deadline, a frozen remainder, no steps of the ladder until it is resumed. ``Lost`` when it stands still already."""
    with db.atomic():
        submission = _open(submission_id, by, reason)
        if not _still_open(submission_id, Submission.on_hold == False, on_hold=True):  # noqa: E712
            raise Lost("already_on_hold")
        Hold.create(submission=submission, person=by, reason=reason.strip(), started_at=now)
        _retime(submission_id)
        audit.record(
            Event.HELD, now=now, person=by, submission=submission, reason=reason.strip(), deadline=_text(submission.deadline_at)
        )


def resume(submission_id: int, *, by: Person, reason: str, now: datetime) -> None:
    """Let the clock run again with what remained. ``Lost`` when nobody holds it."""
    with db.atomic():
        submission = _open(submission_id, by, reason)
        if not _still_open(submission_id, Submission.on_hold == True, on_hold=False):  # noqa: E712
            raise Lost("not_on_hold")
        Hold.update(ended_at=now).where((Hold.submission == submission) & Hold.ended_at.is_null()).execute()
        due = _retime(submission_id)
        audit.record(Event.RESUMED, now=now, person=by, submission=submission, reason=reason.strip(), deadline=_text(due))


def set_deadline(submission_id: int, *, to: datetime, by: Person, reason: str, now: datetime) -> None:
    """Set the deadline by hand. The ladder goes by the new one; steps that fired do not fire again. A change of the calendar leaves it alone."""
    micros(to)  # refuses a naive one
    if to <= now:
        raise Refused("deadline_has_passed")
    with db.atomic():
        submission = _open(submission_id, by, reason)
        if submission.on_hold:
            raise Refused("on_hold")
        clock, policy = policy_clock()
        times = timing(submission, policy)
        times = Timing(times.start, budget_until(clock, times, to), times.pauses, fixed=to)
        fresh = {**columns(clock, policy, times, fired=fired_steps(submission, policy)), "deadline_override": True}
        before = submission.deadline_at
        if not _still_open(
            submission_id, Submission.deadline_at == before, budget_seconds=int(times.budget.total_seconds()), **fresh
        ):
            raise Lost("deadline_changed")
        audit.record(
            Event.DEADLINE_MOVED,
            now=now,
            person=by,
            submission=submission,
            reason=reason.strip(),
            before=_text(before),
            after=_text(to),
            cause="override",
        )


def _open(submission_id: int, by: Person, reason: str) -> Submission:
    if "lead" not in by.role_names():
        raise Refused("not_a_lead")
    if not reason.strip():
        raise Refused("reason_needed")
    submission: Submission | None = Submission.get_or_none(Submission.id == submission_id)
    if submission is None:
        raise Refused("not_found")
    if submission.state not in UNDER_MODERATION:
        raise Lost("already_decided", state=submission.state)
    return submission


def _still_open(submission_id: int, condition: Any, **changes: Any) -> bool:
    rows = (Submission.id == submission_id) & Submission.state.in_(UNDER_MODERATION) & condition
    return bool(Submission.update(**changes).where(rows).execute())


def _retime(submission_id: int) -> datetime | None:
    """Write the times anew after a pause began or ended; the new deadline."""
    submission = Submission.get_by_id(submission_id)
    clock, policy = policy_clock()
    fresh = columns(clock, policy, timing(submission, policy), fired=fired_steps(submission, policy))
    Submission.update(**fresh).where(Submission.id == submission.id).execute()
    due: datetime | None = fresh["deadline_at"]
    return due


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
