"""The people of the desk: what each has on the table, and «разложить поровну» with a preview (M9). By name, never by rank."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import SQL, fn

from backoffice.domain import balance
from backoffice.domain.balance import Candidate, Loose
from backoffice.domain.errors import Refused
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.shifts import Shift, away, duty, hours
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import WorkingClock
from backoffice.store import history, tally
from backoffice.store.base import db
from backoffice.store.listings import OPEN, Submission, SubmissionValue
from backoffice.store.people import Person
from backoffice.store.reports import Moment, first
from backoffice.usecases.assign import assign
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import day_clock

MOST = 200  # given out together


@dataclass(frozen=True, slots=True)
class Load:
    """One moderator: live claims, open assignments, both together without counting twice, decisions today and this week, and today's hours on duty.

    ``away`` is the reason for being away today, None when here; ``hours`` are parts of the day, none when not on duty.
    """

    person: Person
    claimed: int
    assigned: int
    open: int
    decided_today: int
    decided_week: int
    away: str | None
    hours: Sequence[Shift]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One line of the preview. ``to`` is None when nobody can take it: ``reason`` is nobody_on_duty, all_barred or all_full."""

    submission: Submission
    to: Person | None
    skills: frozenset[int]
    reason: str


@dataclass(frozen=True, slots=True)
class Handover:
    """One submission that would change hands: whose it is, who works on it now, and the reason why it cannot (None: it can)."""

    submission: Submission
    holder: Person | None
    working: Person | None
    barred: str | None


def loads(*, now: datetime) -> list[Load]:
    """Every moderator and lead, by name; a fixed number of queries."""
    clock, people = day_clock(), with_role(RoleName.MODERATOR, RoleName.LEAD)
    today = clock.day_of(now)
    week = clock.midnight(today - timedelta(days=today.weekday()))
    live = (Submission.claim_expires_at > now) & Submission.claimant.is_null(False)
    claimed, loose = (_claims(SQL(OPEN), live, condition) for condition in (SQL("1 = 1"), Submission.assignee.is_null()))
    assigned = tally.by_holder()
    both = assigned + loose
    day, decided_week = (Counter(history.decided_counts(since, now + DAY)) for since in (clock.midnight(today), week))
    return [
        Load(
            person=person,
            claimed=claimed[person.id],
            assigned=assigned[person.id],
            open=both[person.id],
            decided_today=day[person.id],
            decided_week=decided_week[person.id],
            away=away(person.away, today),
            hours=hours(person.weekly_shifts, person.away, today, working=clock.table.is_working(today)),
        )
        for person in people
    ]


def _claims(*conditions: Any) -> Counter[int]:
    found = Submission.select(Submission.claimant_id, fn.COUNT(Submission.id)).where(*conditions).group_by(Submission.claimant_id)
    return Counter({int(who): int(number) for who, number in found.tuples()})


def shift_of(person: Person, day: date, clock: WorkingClock) -> Shift | None:
    """From the first to the last hour on duty on a day, as parts of it."""
    return duty(person.weekly_shifts, person.away, day, working=clock.table.is_working(day))


def preview(*, now: datetime, submission_ids: Sequence[int] | None = None) -> list[Proposal]:
    """Who would get what: these submissions, or the ``MOST`` most urgent that are free, in their order. Nothing is changed.

    Only moderators on duty today (tomorrow's duty when today is a day off), within their capacity, without a conflict of interest.
    """
    loose = _open(first("unassigned", Moment(now, now, now), MOST) if submission_ids is None else submission_ids)
    people = {load.person.id: load for load in loads(now=now) if RoleName.MODERATOR in load.person.role_names()}
    clock = day_clock()
    day = clock.day_of(clock.next_working(now))
    candidates = [
        Candidate(
            id=number,
            load=load.open,
            capacity=load.person.capacity,
            skills=frozenset(load.person.skills),
            on_duty=shift_of(load.person, day, clock) is not None,
        )
        for number, load in people.items()
    ]
    placed = balance.spread(_loose(loose, [load.person for load in people.values()]), candidates)
    by_id = {row.id: row for row in loose}
    return [Proposal(by_id[item.id], people[item.to].person if item.to else None, item.skills, item.reason) for item in placed]


def handovers(submission_ids: Sequence[int], *, to: Person | None, now: datetime) -> list[Handover]:
    """What giving these to somebody would mean, or to nobody (None), the most urgent first. Nothing is changed."""
    found = []
    for row in _open(submission_ids):
        working = row.claimant if row.claim_expires_at and row.claim_expires_at > now else None
        if to is None:
            barred = None if row.assignee_id else "not_assigned"
        else:
            barred = "theirs_already" if row.assignee_id == to.id else to.barred_from(row.author)
        found.append(Handover(row, row.assignee or working, working, barred))
    return found


def apply(placed: Sequence[tuple[int, int]], *, by: Person, now: datetime) -> list[int]:
    """Assign what a preview proposed: pairs of submission and person, all or none; the ids that changed."""
    if "lead" not in by.role_names():
        raise Refused("not_a_lead")
    given: dict[int, list[int]] = defaultdict(list)
    for submission_id, person_id in placed:
        given[person_id].append(submission_id)
    people = {person.id: person for person in Person.select().where(Person.id.in_(list(given)))}
    if missing := set(given) - set(people):
        raise Refused("not_found", person=min(missing))
    changed: list[int] = []
    with db.atomic():
        for person_id, ids in sorted(given.items()):
            changed += assign(ids, to=people[person_id], by=by, now=now)
    return sorted(changed)


def _open(submission_ids: Sequence[int]) -> list[Submission]:
    query = Submission.select().where(SQL(OPEN), Submission.id.in_(list(submission_ids)))
    return list(query.order_by(Submission.deadline_at, Submission.id))


def _loose(submissions: Sequence[Submission], people: Sequence[Person]) -> list[Loose]:
    ids = [row.id for row in submissions]
    values: dict[int, set[int]] = defaultdict(set)
    for link in SubmissionValue.select().where(SubmissionValue.submission.in_(ids)):
        values[link.submission_id].add(link.value_id)
    authors = {person.id: person for person in Person.select().where(Person.id.in_({row.author_id for row in submissions}))}
    return [Loose(row.id, frozenset(values[row.id]), _barred(authors[row.author_id], people)) for row in submissions]


def _barred(author: Person, people: Sequence[Person]) -> dict[int, str]:
    return {person.id: reason for person in people if (reason := person.barred_from(author))}
