"""Who works on a submission now: taken, kept, released, handed on, passed over (M3).

Every race is one guarded UPDATE whose row count is checked; losing it is an ordinary outcome with its own words.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from peewee import SQL, Database, Function, fn

from backoffice.domain.claims import LEASE, is_live
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.states import State
from backoffice.store import audit
from backoffice.store.base import db, locked
from backoffice.store.listings import Submission
from backoffice.store.moderation import InAppNotice, Skip
from backoffice.store.people import Person
from backoffice.store.tally import due


def take(submission_id: int, *, person: Person, now: datetime) -> Submission:
    """Claim one submission. ``Lost("claimed", by=…)`` when a colleague was faster, ``Lost("assigned", by=…)`` when it is a colleague's:
    that takes a reason, see ``take_over``."""
    with db.atomic():
        submission = _found(submission_id)
        refuse_conflict(submission, person)
        free = Submission.claimant.is_null() | (Submission.claim_expires_at <= now)
        theirs = Submission.assignee.is_null() | (Submission.assignee == person)
        may = (Submission.state == State.AWAITING_REVIEW) & ((Submission.claimant == person) | (free & theirs))
        taken = _claim(person, now).where((Submission.id == submission_id) & may).returning(Submission).execute()
        return _recorded(next(iter(taken), None), person, now) or _lost(submission_id, now)


def take_next(*, person: Person, now: datetime) -> Submission | None:
    """«Взять следующую»: claim the most urgent one that is free for this person, atomically. None when there is none."""
    with db.atomic():
        candidate = _candidate(person, now, lock=True)
        taken = _claim(person, now).where(Submission.id == candidate).returning(Submission).execute()
        return _recorded(next(iter(taken), None), person, now)


def next_up(*, person: Person, now: datetime, but: int = 0) -> int | None:
    """The id of what «Взять следующую» would take, without taking it; ``but`` is left out. A colleague may still be faster."""
    found: int | None = Submission.select(Submission.id).where(Submission.id == _candidate(person, now, but=but)).scalar()
    return found


def _candidate(person: Person, now: datetime, *, but: int = 0, lock: bool = False) -> Function:
    """The most urgent one that is free for this person: their own assignments first, then by raised priority and deadline.

    Two look-ups, each in the order of an index: one for both would sort all that waits.
    """
    waiting = Submission.alias("waiting")
    free = waiting.select(waiting.id).where(
        SQL('"waiting"."state" = \'awaiting_review\''),  # literal, so that SQLite uses the partial index
        waiting.claimant.is_null() | (waiting.claim_expires_at <= now),
        waiting.on_hold == False,  # noqa: E712
        waiting.id.not_in(Skip.select(Skip.submission).where(Skip.person == person)),
        waiting.author != person,
        waiting.author.not_in(_teammates(person)),
        waiting.id != but,
    )
    first = free.order_by(waiting.priority.desc(), due("waiting"), waiting.id).limit(1)
    database: Database = db.obj
    if lock and database.for_update:
        first = first.for_update(skip_locked=True)
    return fn.COALESCE(first.where(waiting.assignee == person), first.where(waiting.assignee.is_null()))


def keep(submission_id: int, *, token: str, now: datetime) -> datetime:
    """Activity: the claim lasts another lease; its new end. ``Lost`` when it is no longer held."""
    until = now + LEASE
    mine = (Submission.id == submission_id) & (Submission.claim_token == token) & (Submission.state == State.AWAITING_REVIEW)
    if not Submission.update(claim_expires_at=until).where(mine).execute():
        raise Lost("claim_lost")
    return until


def release(submission_id: int, *, token: str, person: Person, now: datetime) -> None:
    """Give it back to the pool; releasing what is not held is no error."""
    with db.atomic():
        mine = (Submission.id == submission_id) & (Submission.claim_token == token)
        if Submission.update(**NO_CLAIM).where(mine).execute():
            audit.record(Event.CLAIM_RELEASED, now=now, person=person, submission=submission_id)


def take_over(submission_id: int, *, person: Person, reason: str, now: datetime) -> Submission:
    """Take what a colleague works on or was assigned, with a reason that is logged. An assignment moves along; those who lose it are told."""
    if not reason.strip():
        raise Refused("reason_needed")
    with db.atomic():
        submission = _found(submission_id, lock=True)
        refuse_conflict(submission, person)
        holder = submission.claimant_id if is_live(submission.claimant_id, submission.claim_expires_at, now=now) else None
        losing = {holder, submission.assignee_id} - {None, person.id}
        mine = {"assignee": person, "assigned_by": person, "assigned_at": now} if submission.assignee_id in losing else {}
        same = (Submission.id == submission_id) & (Submission.state == State.AWAITING_REVIEW)
        taken = next(iter(_claim(person, now, **mine).where(same).returning(Submission).execute()), None)
        if taken is None:
            raise Lost("already_decided")
        before = {"before": holder, "assigned": submission.assignee_id}
        audit.record(Event.CLAIM_TAKEN_OVER, now=now, person=person, submission=taken, reason=reason, **before)
        told = {"submission": taken, "kind": "taken_over", "created_at": now}
        params = {"by": person.name, "title": taken.title, "note": reason}
        for who in losing:
            key = f"taken_over:{taken.id}:{who}:{now.isoformat()}"
            InAppNotice.insert(person=who, params=params, key=key, **told).on_conflict_ignore().execute()
        result: Submission = taken
        return result


def skip(submission_id: int, *, person: Person, reason: str, now: datetime) -> None:
    """Pass it over: «Взять следующую» leaves it out for this person, and their claim on it ends."""
    if not reason.strip():
        raise Refused("reason_needed")
    with db.atomic():
        Skip.insert(submission=submission_id, person=person, reason=reason, created_at=now).on_conflict_ignore().execute()
        Submission.update(**NO_CLAIM).where((Submission.id == submission_id) & (Submission.claimant == person)).execute()
        audit.record(Event.SKIPPED, now=now, person=person, submission=submission_id, reason=reason)


def unskip(submission_id: int, *, person: Person) -> None:
    """Let it come up again."""
    Skip.delete().where((Skip.submission == submission_id) & (Skip.person == person)).execute()


def sweep(*, now: datetime) -> int:
    """Clear the claims that ran out, so that lists show the truth; the count."""
    return int(Submission.update(**NO_CLAIM).where(Submission.claim_expires_at <= now).execute())


NO_CLAIM = {"claimant": None, "claimed_at": None, "claim_expires_at": None, "claim_token": None}


def _claim(person: Person, now: datetime, **more: Any) -> Submission:
    return Submission.update(
        **more,
        claimant=person,
        claimed_at=now,
        claim_expires_at=now + LEASE,
        claim_token=secrets.token_urlsafe(32),
        first_look_at=fn.COALESCE(Submission.first_look_at, now),
    )


def _recorded(submission: Submission | None, person: Person, now: datetime) -> Submission | None:
    if submission is not None:
        audit.record(Event.CLAIMED, now=now, person=person, submission=submission)
    return submission


def _lost(submission_id: int, now: datetime) -> Submission:
    submission = _found(submission_id)
    if submission.state != State.AWAITING_REVIEW:
        raise Lost("not_awaiting_review", state=submission.state)
    if is_live(submission.claimant_id, submission.claim_expires_at, now=now):
        raise Lost("claimed", by=str(submission.claimant))
    raise Lost("assigned", by=str(submission.assignee))


def _found(submission_id: int, *, lock: bool = False) -> Submission:
    rows = Submission.select().where(Submission.id == submission_id)
    submission: Submission | None = (locked(rows) if lock else rows).first()
    if submission is None:
        raise Refused("not_found")
    return submission


def _teammates(person: Person) -> Person:
    return Person.select(Person.id).where((Person.team == person.team) & (Person.team != ""))


def refuse_conflict(submission: Submission, person: Person) -> None:
    """Raise ``Refused`` with the reason when this person may not moderate this submission."""
    if reason := person.barred_from(submission.author):
        raise Refused(reason, person=person.name)
