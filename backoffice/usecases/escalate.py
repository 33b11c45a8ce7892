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

from peewee import SQL, Case, Database, Value, fn

from backoffice.domain.deadlines import DeadlinePolicy, Step
from backoffice.domain.events import Event
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.states import UNDER_MODERATION
from backoffice.domain.working_clock import WorkingClock
from backoffice.store import audit
from backoffice.store.base import db, insert_all
from backoffice.store.listings import OPEN, Submission
from backoffice.store.moderation import EscalationStep
from backoffice.store.outbox import Job, Mail
from backoffice.store.people import Person
from backoffice.usecases.acts import Acts, Known, known_of
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import Timing, columns, mail_clock, policy_clock, step_at

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
        done = _swept(ids, world)
        fired += done
        if not done or len(ids) < BATCH:
            break
    return fired


def _swept(ids: Sequence[int], world: _World) -> int:
    """A portion; when one in it cannot be swept, each by itself: it must not keep the others from it."""
    try:
        return _sweep_some(ids, world)
    except Exception:
        if len(ids) == 1:
            log.exception("submission %s could not be swept", ids[0])
            return 0
    return sum(_swept([submission_id], world) for submission_id in ids)


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


def _sweep_some(ids: Sequence[int], world: _World) -> int:
    """A portion in one transaction: steps recorded, people told, acts done, the next steps' instants written. The count that steps fired for."""
    with db.atomic():
        climbs = [_Climb.of(row, known, world) for row, known in _locked(ids, world)]
        recorded = _record(climbs, world.now)
        acts = Acts(world.now)
        fired = 0
        for climb in climbs:
            fresh = [step for step in climb.reached if (climb.submission.id, step.percent) in recorded]
            if fresh:
                _fire(climb.submission, fresh, world, acts)
                fired += 1
        acts.write(due_at=world.letters.next_working(world.now))
        _wind_on(climbs)
    return fired


@dataclass(frozen=True, slots=True)
class _Climb:
    """A submission, the steps it has come to and that nobody recorded before, and when the next one is due."""

    submission: Submission
    reached: list[Step]
    following: datetime | None

    @classmethod
    def of(cls, submission: Submission, known: Known, world: _World) -> _Climb:
        reached = [s for s in world.policy.ladder if s.percent not in known.fired and _has_come(s, known.times, world)]
        passed = [*known.fired, *(step.percent for step in reached)]
        return cls(submission, reached, columns(world.clock, world.policy, known.times, fired=passed)["next_step_at"])


def _record(climbs: Sequence[_Climb], now: datetime) -> set[tuple[int, int]]:
    """The steps that nobody recorded first. All but the highest of a submission are passed over."""
    rows = [
        {"submission": climb.submission.id, "step": step.percent, "fired_at": now, "skipped": int(step is not climb.reached[-1])}
        for climb in climbs
        for step in climb.reached
    ]
    put = insert_all(EscalationStep, rows, ignore=True, returning=(EscalationStep.submission, EscalationStep.step))
    return {(row.submission_id, row.step) for row in put}


def _wind_on(climbs: Sequence[_Climb]) -> None:
    if climbs:
        following = [(climb.submission.id, Value(Submission.next_step_at.db_value(climb.following))) for climb in climbs]
        at = Case(Submission.id, following).cast("timestamptz") if db.obj.for_update else Case(Submission.id, following)
        Submission.update(next_step_at=at).where(Submission.id.in_([climb.submission.id for climb in climbs])).execute()


def _fire(submission: Submission, steps: Sequence[Step], world: _World, acts: Acts) -> None:
    """The acts of all steps, the words of the highest only."""
    holder = _holder(submission, world.now)
    for step in steps:
        _act(submission, step, world, acts)
    told = _tell(submission, steps[-1], holder, world, acts)
    acts.say(
        Event.ESCALATED,
        submission,
        step=steps[-1].percent,
        skipped=[step.percent for step in steps[:-1]],
        told=sorted(person.id for person in told),
        acts=sorted({act for step in steps for act in step.act}),
    )


def _locked(ids: Sequence[int], world: _World) -> Iterable[tuple[Submission, Known]]:
    """The rows that are still due, ours until the transaction ends; without those that another sweep is at."""
    rows = Submission.select().where(
        Submission.id.in_(list(ids)),
        Submission.state.in_(UNDER_MODERATION),
        Submission.on_hold == False,  # noqa: E712
        Submission.next_step_at <= world.now,
    )
    database: Database = db.obj
    if database.for_update:
        rows = rows.for_update(skip_locked=True)
    return known_of(list(rows.order_by(Submission.next_step_at, Submission.id)), world.policy)


def _has_come(step: Step, times: Timing, world: _World) -> bool:
    at = step_at(world.clock, times, step.percent)
    return at is not None and at <= world.now


def _holder(submission: Submission, now: datetime) -> Person | None:
    """Whom it is assigned to, else who works on it."""
    live = submission.claim_expires_at and submission.claim_expires_at > now
    holder: Person | None = submission.assignee or (submission.claimant if live else None)
    return holder


def _act(submission: Submission, step: Step, world: _World, acts: Acts) -> None:
    for act in step.act:
        if act == "release":
            acts.release(submission, step)
        elif act == "raise":
            acts.raised[submission.id] += 1
        elif act == "unassign":
            _give(submission, None, step, world.now)
        elif act == "lead_queue" and (lead := _least_burdened(submission, world.leads)):
            _give(submission, lead, step, world.now)


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


def _tell(submission: Submission, step: Step, holder: Person | None, world: _World, acts: Acts) -> list[Person]:
    people = _recipients(submission, step, holder, world)
    event = "escalated" if "head" in step.tell else "warning" if step.percent < 100 else "breach"
    for person in people:
        if "app" in step.by:
            acts.sign(event, submission, person, step)
        if "email" in step.by:
            acts.letter(event, submission, person, step, holder)
    return people
