"""The clock that deadlines run on now: the policy's calendar with the staff's changes, and the times of one submission on it (M1)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from backoffice.calendars import DayException, load_calendar, load_clock, load_policy
from backoffice.domain.deadlines import DeadlinePolicy, Pause, deadline, elapsed, share
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.work_days import DayTable
from backoffice.domain.working_clock import MICROSECOND, WorkingClock
from backoffice.store import audit, calendar, outbox
from backoffice.store.base import db
from backoffice.store.calendar import CalendarChange
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep, Hold
from backoffice.store.people import Person

WITH_AUTHOR = "with_author"  # the reason of a pause that is not a lead's
KINDS = ("off", "working", "shortened")


def policy_clock() -> tuple[WorkingClock, DeadlinePolicy]:
    """The clock and its policy. One small query; the clock itself is kept while nothing changes."""
    policy = load_policy()
    return _clock(policy, calendar.exceptions()), policy


def mail_clock() -> WorkingClock:
    """When e-mails of the ladder may leave: working days, within the policy's hours."""
    return _mail_clock(load_policy(), calendar.exceptions())


def day_clock() -> WorkingClock:
    """Whole working days of 24 hours, whatever the opening hours are: for periods that are counted in days."""
    return _day_clock(load_policy(), calendar.exceptions())


@lru_cache(maxsize=4)
def _clock(policy: DeadlinePolicy, changes: tuple[DayException, ...]) -> WorkingClock:
    return load_clock(policy, changes)


@lru_cache(maxsize=4)
def _mail_clock(policy: DeadlinePolicy, changes: tuple[DayException, ...]) -> WorkingClock:
    return WorkingClock(load_calendar(policy.calendar, changes), ZoneInfo(policy.zone), hours=policy.mail_hours)


@lru_cache(maxsize=4)
def _day_clock(policy: DeadlinePolicy, changes: tuple[DayException, ...]) -> WorkingClock:
    return WorkingClock(load_calendar(policy.calendar, changes), ZoneInfo(policy.zone))


@dataclass(frozen=True, slots=True)
class Timing:
    """From when a submission's clock runs, for how long, and when it stood still. ``fixed`` is a deadline that a lead set by hand."""

    start: datetime
    budget: timedelta
    pauses: tuple[Pause, ...] = ()
    fixed: datetime | None = None


def version(clock: WorkingClock, policy: DeadlinePolicy) -> str:
    """What a stored deadline was computed with: the clock's days and hours, and the ladder's percentages."""
    ladder = ",".join(str(step.percent) for step in policy.ladder)
    return hashlib.sha256(f"{clock.version} {ladder}".encode()).hexdigest()[:16]


def timing(
    submission: Submission, policy: DeadlinePolicy, *, submitted_at: datetime | None = None, holds: Iterable[Hold] | None = None
) -> Timing:
    """Of one submission. Where the policy resumes the old clock, earlier rounds count, and the time the author had it does not.

    ``submitted_at`` stands in for a row that is only now submitted, ``holds`` for those of this round when they are read already.
    """
    since = submitted_at or submission.submitted_at
    earlier = _earlier_rounds(submission) if policy.resubmission == "resume" else []
    kept = list(Hold.select().where(Hold.submission.in_([row.id for row in earlier]))) if earlier else []
    kept.extend(Hold.select().where(Hold.submission == submission) if holds is None else holds)
    pauses = [Pause(hold.started_at, hold.ended_at, hold.reason) for hold in kept]
    begins = [*(row.submitted_at for row in earlier), since]
    pauses += [Pause(row.decided_at, back, WITH_AUTHOR) for row, back in zip(earlier, begins[1:], strict=True)]
    budget = timedelta(seconds=submission.budget_seconds) if submission.budget_seconds else policy.budget
    fixed = submission.deadline_at if submission.deadline_override and not submission.on_hold else None
    return Timing(begins[0], budget, tuple(pauses), fixed)


def _earlier_rounds(submission: Submission) -> list[Submission]:
    """The unbroken run of returned submissions before this one, oldest first."""
    before = Submission.select().where((Submission.listing == submission.listing_id) & (Submission.number < submission.number))
    run: list[Submission] = []
    for row in before.order_by(Submission.number.desc()):
        if row.state != "returned" or row.submitted_at is None or row.decided_at is None:
            break
        run.insert(0, row)
    return run


def fired_steps(submission: Submission, policy: DeadlinePolicy) -> set[int]:
    """The steps of the ladder that fired already; where the old clock resumes, those of earlier rounds as well."""
    rounds = [submission.id]
    if policy.resubmission == "resume":
        rounds += [row.id for row in _earlier_rounds(submission)]
    return {row.step for row in EscalationStep.select(EscalationStep.step).where(EscalationStep.submission.in_(rounds))}


def columns(clock: WorkingClock, policy: DeadlinePolicy, times: Timing, *, fired: Collection[int] = ()) -> dict[str, Any]:
    """What a submission's row keeps of its times; ``fired`` are the steps of the ladder that need not come again."""
    due = times.fixed or deadline(clock, times.start, times.budget, times.pauses)
    steps = [step_at(clock, times, step.percent) for step in policy.ladder if step.percent not in fired]
    return {
        "deadline_at": due,
        "deadline_provisional": clock.provisional(times.start, due) if due else False,
        "calendar_version": version(clock, policy),
        "next_step_at": min((at for at in steps if at), default=None),
    }


def step_at(clock: WorkingClock, times: Timing, percent: int) -> datetime | None:
    """When a step of the ladder is due; None past an open pause. A breach is never told before a deadline set by hand."""
    at = deadline(clock, times.start, share(times.budget, percent), times.pauses)
    return max(at, times.fixed) if at and times.fixed and percent >= 100 else at


def budget_until(clock: WorkingClock, times: Timing, due: datetime) -> timedelta:
    """The budget that a deadline set by hand amounts to, so that the ladder and the bars go by it; whole seconds, at least one."""
    worked = elapsed(clock, times.start, due, times.pauses)
    return max(timedelta(seconds=worked // MICROSECOND // 1_000_000), timedelta(seconds=1))


def change_day(day: date, kind: str, *, reason: str, by: Person, now: datetime, decree: str = "") -> CalendarChange:
    """A lead or an administrator makes a day off, working or shortened. A later change of the same day replaces it.

    With a ``decree`` it is the region that changes the day: what the staff decide themselves lies on top of that.

    ``Lost("day_changed")`` when somebody else changed it in the same moment.
    """
    _refuse_strangers(by)
    refuse_change(day, kind, policy_clock()[0].table)
    if not reason.strip():
        raise Refused("reason_needed")
    why, decree = reason.strip(), decree.strip()
    try:
        with db.atomic():
            _end(day, regional=bool(decree), by=by, now=now)
            change: CalendarChange = CalendarChange.create(
                day=day, kind=kind, reason=why, decree=decree, person=by, created_at=now
            )
            said: dict[str, Any] = {"kind": kind, "reason": why} | ({"decree": decree} if decree else {})
            audit.record(Event.SETTING_CHANGED, now=now, person=by, setting="calendar", day=day.isoformat(), **said)
            _follow(change, kind, now)
    except IntegrityError:
        raise Lost("day_changed") from None
    return change


def refuse_change(day: date, kind: str, table: DayTable) -> None:
    """``Refused`` for a kind there is not, a day beyond the calendar, and a day that is of that kind already."""
    if kind not in KINDS:
        raise Refused("unknown_kind", kind=kind)
    if not table.first <= day < table.last:
        raise Refused("beyond_calendar")
    if table.kind_of(day) == kind:
        raise Refused("day_is_so_already")


def restore_day(day: date, *, by: Person, now: datetime, regional: bool = False) -> None:
    """Take the staff's change of a day back, or the region's: what lies under it holds again."""
    _refuse_strangers(by)
    with db.atomic():
        ended = _end(day, regional=regional, by=by, now=now)
        if not ended:
            raise Refused("day_is_so_already")
        for change in ended:
            audit.record(Event.SETTING_CHANGED, now=now, person=by, setting="calendar", day=day.isoformat(), kind="restored")
            _follow(change, "restored", now)


def _end(day: date, *, regional: bool, by: Person, now: datetime) -> list[CalendarChange]:
    layer = (CalendarChange.decree != "") if regional else (CalendarChange.decree == "")
    current = (CalendarChange.day == day) & CalendarChange.ended_at.is_null() & layer
    return list(CalendarChange.update(ended_at=now, ended_by=by).where(current).returning(CalendarChange).execute())


def _follow(change: CalendarChange, kind: str, now: datetime) -> None:
    """Open deadlines are to be computed anew."""
    outbox.put("deadlines", change.id, key=f"deadlines:{change.id}:{kind}", now=now)


def _refuse_strangers(person: Person) -> None:
    if not person.role_names() & {"lead", "admin"}:
        raise Refused("not_a_lead")
