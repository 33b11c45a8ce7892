"""The calendar or the ladder changed: open submissions get their times anew, closed ones stay as they were (M1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from peewee import SQL, Database, ModelSelect

from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.events import Event
from backoffice.domain.working_clock import WorkingClock
from backoffice.store.audit import Audit
from backoffice.store.base import db, locked
from backoffice.store.listings import OPEN, Submission
from backoffice.store.moderation import EscalationStep, Hold
from backoffice.usecases.policy_clock import columns, fired_steps, policy_clock, timing, version

BATCH = 200  # in one transaction: whoever decides meanwhile waits for it
_KEPT = ("deadline_at", "deadline_provisional", "calendar_version", "next_step_at")


def recompute(*, now: datetime) -> int:
    """Bring every open submission up to the present calendar; the count of deadlines that moved.

    Batch by batch, each in its own transaction, so that it can be interrupted and run again. The old and the new deadline go into the audit
    log; steps of the ladder that fired do not fire again; a deadline set by hand stays.
    """
    clock, policy = policy_clock()
    present, moved, last = version(clock, policy), 0, 0
    while True:
        with db.atomic():
            rows = _batch(present, last)
            if not rows:
                return moved
            moved += _renew(rows, clock, policy, now)
        last = rows[-1].id


def left() -> int:
    """How many open submissions are still to follow the present calendar."""
    clock, policy = policy_clock()
    return int(_outdated(version(clock, policy)).count())


def _outdated(present: str) -> ModelSelect:
    return Submission.select().where(SQL(OPEN), Submission.calendar_version != present)


def _batch(present: str, after: int) -> list[Submission]:
    rows = _outdated(present).where(Submission.id > after).order_by(Submission.id).limit(BATCH)
    return list(locked(rows))  # a hold that begins meanwhile waits for us


def _renew(rows: list[Submission], clock: WorkingClock, policy: DeadlinePolicy, now: datetime) -> int:
    moves: list[dict[str, Any]] = []
    ids = [row.id for row in rows]
    holds, fired = defaultdict(list), defaultdict(list)
    for hold in Hold.select().where(Hold.submission.in_(ids)):
        holds[hold.submission_id].append(hold)
    for step in EscalationStep.select().where(EscalationStep.submission.in_(ids)):
        fired[step.submission_id].append(step.step)
    for row in rows:
        if row.submitted_at is None:
            Submission.update(calendar_version=version(clock, policy)).where(Submission.id == row.id).execute()
            continue
        before = row.deadline_at
        times = timing(row, policy, holds=holds[row.id])
        done = fired_steps(row, policy) if policy.resubmission == "resume" else fired[row.id]
        for name, value in columns(clock, policy, times, fired=done).items():
            setattr(row, name, value)
        if row.deadline_at != before:
            data = {
                "before": before and before.isoformat(),
                "after": row.deadline_at and row.deadline_at.isoformat(),
                "cause": "calendar",
            }
            moves.append({"at": now, "submission": row.id, "action": Event.DEADLINE_MOVED, "data": data})
    _write([row for row in rows if row.submitted_at])
    if moves:
        Audit.insert_many(moves).execute()
    return len(moves)


def _write(rows: list[Submission]) -> None:
    """One prepared statement for all rows: several times faster than a CASE over them, and the same on both databases."""
    database: Database = db.obj
    fields = [getattr(Submission, name) for name in _KEPT]
    mark = database.param
    sets = ", ".join(f"{field.column_name} = {mark}" for field in fields)
    values = [(*(field.db_value(getattr(row, field.name)) for field in fields), row.id) for row in rows]
    database.cursor().executemany(f"UPDATE submission SET {sets} WHERE id = {mark}", values)  # noqa: S608  (our own column names)
