"""The ladder: at shares of the budget somebody is told, and more (M7).

A sweep over the database, never delayed messages. What is due is one indexed statement: every open submission carries the instant of its next
step. A step fires once per submission, by a unique row; after downtime the highest missed step is told and the ones below it are recorded
as passed over. In-app signs appear at once, e-mails wait for working hours and are dropped when the submission is decided before that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import SQL, Database, fn

from backoffice.domain.deadlines import DeadlinePolicy, Step
from backoffice.domain.events import Event
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.states import UNDER_MODERATION
from backoffice.domain.working_clock import WorkingClock
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep, InAppNotice
from backoffice.store.outbox import Job, Mail
from backoffice.store.people import Person
from backoffice.usecases import mail
from backoffice.usecases.claim import NO_CLAIM
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import Timing, columns, fired_steps, mail_clock, policy_clock, step_at, timing

OPEN = "\"t1\".\"state\" IN ('checking', 'awaiting_review')"  # literal: SQLite matches partial indexes by text
LETTERS = ("warning", "breach", "escalated")
BATCH = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _World:
    """What a sweep needs to know, read once: the time, the clocks, and who can be told."""

    now: datetime
    clock: WorkingClock
    letters: WorkingClock
    policy: DeadlinePolicy
    moderators: Sequence[Person]
    leads: Sequence[Person]
    head: Sequence[Person]

    @classmethod
    def read(cls, now: datetime, policy: DeadlinePolicy | None) -> _World:
        clock, usual = policy_clock()
        policy = policy or usual
        head = list(Person.select().where((Person.email == policy.head) & (Person.active == True))) if policy.head else []  # noqa: E712
        return cls(
            now,
            clock,
            mail_clock(),
            policy,
            with_role(RoleName.MODERATOR),
            with_role(RoleName.LEAD),
            head or with_role(RoleName.ADMIN),
        )


def sweep(*, now: datetime, policy: DeadlinePolicy | None = None) -> int:
    """Fire every step that is due; the count of submissions it fired for. Safe to run twice at once and at any time.

    ``policy`` stands in for that of the installation.
    """
    fired, world = 0, None
    while ids := due(now=now):
        world = world or _World.read(now, policy)
        done = sum(_swept(submission_id, world) for submission_id in ids)
        fired += done
        if not done or len(ids) < BATCH:
            break
    return fired


def _swept(submission_id: int, world: _World) -> bool:
    """One that cannot be swept must not keep the others from it."""
    try:
        return _sweep_one(submission_id, world)
    except Exception:
        log.exception("submission %s could not be swept", submission_id)
        return False


def due(*, now: datetime, limit: int = BATCH) -> list[int]:
    """The open submissions whose next step is due, longest due first: one indexed statement."""
    ticking = Submission.on_hold == False  # noqa: E712
    rows = Submission.select(Submission.id).where(SQL(OPEN), Submission.next_step_at <= now, ticking)
    return [row[0] for row in rows.order_by(Submission.next_step_at, Submission.id).limit(limit).tuples()]


def drop_stale_letters(*, now: datetime) -> int:
    """Letters of the ladder that wait for the morning and whose submission is decided by now need not leave; the count."""
    waiting = Job.select(Job.subject).where((Job.actor == "mail") & Job.finished_at.is_null() & (Job.due_at > now))
    stale = (
        Mail.select(Mail.id)
        .join(Submission, on=(Mail.submission_id == Submission.id))
        .where(
            Mail.id.in_(waiting) & Mail.event.in_(LETTERS) & Mail.sent_at.is_null() & Submission.state.not_in(UNDER_MODERATION)
        )
    )
    mine = (Job.actor == "mail") & Job.finished_at.is_null() & Job.token.is_null() & Job.subject.in_(stale)
    return int(Job.update(finished_at=now, outcome="cancelled").where(mine).execute())


def _sweep_one(submission_id: int, world: _World) -> bool:
    """One submission in one transaction: steps recorded, people told, acts done, the next step's instant written."""
    with db.atomic():
        submission = _locked(submission_id)
        if submission is None or submission.next_step_at is None or submission.next_step_at > world.now:
            return False
        times = timing(submission, world.policy)
        before = fired_steps(submission, world.policy)
        reached = [step for step in world.policy.ladder if step.percent not in before and _has_come(step, times, world)]
        fresh = [step for step in reached if _record(submission, step, skipped=step is not reached[-1], now=world.now)]
        if fresh:
            _fire(submission, fresh, world)
        passed = [*before, *(step.percent for step in reached)]
        following = columns(world.clock, world.policy, times, fired=passed)["next_step_at"]
        Submission.update(next_step_at=following).where(Submission.id == submission_id).execute()
    return bool(fresh)


def _fire(submission: Submission, steps: Sequence[Step], world: _World) -> None:
    """The acts of all steps, the words of the highest only."""
    holder = _holder(submission, world.now)
    for step in steps:
        _act(submission, step, world)
    told = _tell(submission, steps[-1], holder, world)
    audit.record(
        Event.ESCALATED,
        now=world.now,
        submission=submission,
        step=steps[-1].percent,
        skipped=[step.percent for step in steps[:-1]],
        told=sorted(person.id for person in told),
        acts=sorted({act for step in steps for act in step.act}),
    )


def _locked(submission_id: int) -> Submission | None:
    """The row, ours until the transaction ends; None when it is no longer open or another sweep is at it."""
    rows = Submission.select().where(
        (Submission.id == submission_id) & Submission.state.in_(UNDER_MODERATION) & (Submission.on_hold == False)  # noqa: E712
    )
    database: Database = db.obj
    if database.for_update:
        rows = rows.for_update(skip_locked=True)
    found: Submission | None = rows.first()
    return found


def _has_come(step: Step, times: Timing, world: _World) -> bool:
    at = step_at(world.clock, times, step.percent)
    return at is not None and at <= world.now


def _holder(submission: Submission, now: datetime) -> Person | None:
    """Whom it is assigned to, else who works on it."""
    live = submission.claim_expires_at and submission.claim_expires_at > now
    holder: Person | None = submission.assignee or (submission.claimant if live else None)
    return holder


def _record(submission: Submission, step: Step, *, skipped: bool, now: datetime) -> bool:
    """True for whoever recorded it first."""
    row = EscalationStep.insert(submission=submission, step=step.percent, fired_at=now, skipped=int(skipped))
    return bool(list(row.on_conflict_ignore().returning(EscalationStep.id).execute()))


def _act(submission: Submission, step: Step, world: _World) -> None:
    now = world.now
    for act in step.act:
        if act == "release":
            stale = (Submission.id == submission.id) & (Submission.claim_expires_at <= now)
            if Submission.update(**NO_CLAIM).where(stale).execute():
                audit.record(
                    Event.CLAIM_RELEASED, now=now, submission=submission, before=submission.claimant_id, step=step.percent
                )
        elif act == "raise":
            Submission.update(priority=Submission.priority + 1).where(Submission.id == submission.id).execute()
        elif act == "unassign":
            _give(submission, None, step, now)
        elif act == "lead_queue" and (lead := _least_burdened(submission, world.leads)):
            _give(submission, lead, step, now)


def _give(submission: Submission, to: Person | None, step: Step, now: datetime) -> None:
    before = submission.assignee_id
    if before == (to and to.id):
        return
    Submission.update(assignee=to, assigned_by=None, assigned_at=to and now).where(Submission.id == submission.id).execute()
    event = Event.ASSIGNED if to else Event.UNASSIGNED
    audit.record(event, now=now, submission=submission, to=to and to.id, before=before, step=step.percent)
    submission.assignee = to


def _least_burdened(submission: Submission, leads: Iterable[Person]) -> Person | None:
    able = [lead for lead in leads if not lead.barred_from(submission.author)]
    counted = Submission.select(Submission.assignee, fn.COUNT(Submission.id).alias("n")).where(
        SQL(OPEN), Submission.assignee.in_([lead.id for lead in able])
    )
    load = {row["assignee"]: row["n"] for row in counted.group_by(Submission.assignee).dicts()}
    return min(able, key=lambda lead: (load.get(lead.id, 0), lead.id), default=None)


def _recipients(submission: Submission, step: Step, holder: Person | None, world: _World) -> list[Person]:
    groups = {"leads": world.leads, "head": world.head}
    people: dict[int, Person] = {}
    for whom in step.tell:
        if whom == "assignee":
            told = [holder] if holder else [person for person in world.moderators if not person.barred_from(submission.author)]
        else:
            told = list(groups[whom])
        people.update({person.id: person for person in told if person.active})
    return list(people.values())


def _tell(submission: Submission, step: Step, holder: Person | None, world: _World) -> list[Person]:
    people = _recipients(submission, step, holder, world)
    event = "escalated" if "head" in step.tell else "warning" if step.percent < 100 else "breach"
    for person in people:
        key = f"escalation:{submission.id}:{step.percent}:{person.id}"
        if "app" in step.by:
            _sign(submission, event, person, percent=step.percent, key=key, now=world.now)
        if "email" in step.by:
            mail.to_person(
                event,
                person,
                now=world.now,
                submission=submission,
                key=key,
                due_at=world.letters.next_working(world.now),
                percent=step.percent,
                deadline=submission.deadline_at,
                holder=holder,
            )
    return people


def _sign(submission: Submission, kind: str, person: Person, *, percent: int, key: str, now: datetime) -> None:
    due = submission.deadline_at
    params = {"step": percent, "title": submission.title, "deadline": due and due.isoformat()}
    row = InAppNotice.insert(person=person, submission=submission, kind=kind, params=params, key=key, created_at=now)
    row.on_conflict_ignore().execute()
