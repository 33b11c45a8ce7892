"""Work that must happen after a commit: one row a job, the only source of sends and retries.

A use case puts a row in its own transaction. The relay leases due rows and sends their ids to the queue. The actor takes the row
(``begin``), works, and finishes it in the transaction of its own result. Whatever dies on the way, the lease runs out and the row is sent
again; a message that comes twice finds the row taken or finished. Nothing here depends on the broker remembering anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from peewee import CharField, Database, IntegerField, TextField

from backoffice.store.base import InstantField, Row, WordField, insert_all

QUEUED_LEASE = timedelta(minutes=5)  # sent, not begun: the broker may have lost it
RUNNING_LEASE = timedelta(seconds=45)  # begun: kept alive by `beat`


class Job(Row):
    """One thing to do. ``subject`` is the id of a Check, a Mail or a HookCall; ``key`` makes a job exist once."""

    actor = WordField(max_length=30)
    subject = IntegerField(index=True)
    key = CharField(unique=True)
    created_at = InstantField()
    due_at = InstantField()
    leased_until = InstantField(null=True)
    token = CharField(null=True, max_length=32)
    tries = IntegerField(default=0)
    finished_at = InstantField(null=True)
    outcome = WordField(max_length=10, default="")  # done | dead | cancelled
    error = TextField(default="")

    class Meta:
        table_name = "outbox"


class Mail(Row):
    """An e-mail exactly as it is sent; its text was made when its cause happened. ``message_id`` stays the same over retries."""

    event = WordField(max_length=40)
    submission_id = IntegerField(null=True, index=True)
    recipient = CharField()
    subject = TextField()
    text = TextField()
    html = TextField(default="")
    message_id = CharField(unique=True)
    created_at = InstantField()
    sent_at = InstantField(null=True)

    class Meta:
        table_name = "mail"


class HookEndpoint(Row):
    """Where publications are announced. The secret is Standard Webhooks' ``whsec_…``."""

    name = CharField(unique=True)
    url = TextField()
    secret = CharField()
    active = IntegerField(default=1)
    created_at = InstantField()

    class Meta:
        table_name = "hook_endpoint"


class HookCall(Row):
    """One signed call to one endpoint. ``webhook_id`` is its idempotency key (Standard Webhooks)."""

    endpoint_id = IntegerField()
    event = CharField()
    submission_id = IntegerField(index=True)
    webhook_id = CharField(unique=True)
    body = TextField()
    created_at = InstantField()
    delivered_at = InstantField(null=True)
    status = IntegerField(null=True)

    class Meta:
        table_name = "hook_call"


def put(actor: str, subject: int, *, key: str, now: datetime, due_at: datetime | None = None) -> None:
    """Ask for a job; asking again under the same key changes nothing."""
    put_all(actor, {key: subject}, now=now, due_at=due_at)


def put_all(actor: str, subjects: Mapping[str, int], *, now: datetime, due_at: datetime | None = None) -> None:
    """Ask for many jobs: the subject of each key."""
    rows = [
        {"actor": actor, "subject": subject, "key": key, "created_at": now, "due_at": due_at or now}
        for key, subject in subjects.items()
    ]
    insert_all(Job, rows, ignore=True)


def lease_due(*, now: datetime, limit: int = 100, lease: timedelta = QUEUED_LEASE) -> list[Job]:
    """Take up to ``limit`` due jobs for sending, each by one relay only."""
    free = Job.finished_at.is_null() & (Job.due_at <= now) & (Job.leased_until.is_null() | (Job.leased_until <= now))
    due = Job.select(Job.id).where(free).order_by(Job.due_at, Job.id).limit(limit)
    if not due.exists():  # asked several times a second: whoever writes need not wait for an empty outbox
        return []
    database: Database = Job._meta.database.obj
    if database.for_update:
        due = due.for_update(skip_locked=True)
    update = Job.update(leased_until=now + lease, token=None).where(Job.id.in_(due) & free).returning(Job)
    return list(update.execute())


def begin(job_id: int, *, now: datetime, lease: timedelta = RUNNING_LEASE) -> Job | None:
    """Take one job for working. None: finished, or somebody is at it, or its turn has not come."""
    mine = Job.update(leased_until=now + lease, token=secrets.token_hex(16), tries=Job.tries + 1).where(
        (Job.id == job_id) & Job.finished_at.is_null() & (Job.due_at <= now) & (Job.token.is_null() | (Job.leased_until <= now))
    )
    return next(iter(mine.returning(Job).execute()), None)


def beat(job: Job, *, now: datetime, lease: timedelta = RUNNING_LEASE) -> bool:
    """Keep a running job ours. False: it was lost, so stop."""
    return bool(
        Job.update(leased_until=now + lease)
        .where((Job.id == job.id) & (Job.token == job.token) & Job.finished_at.is_null())
        .execute()
    )


def finish(job: Job, *, now: datetime, outcome: str = "done", error: str = "") -> bool:
    """Close a job in the transaction of its result. False: it is no longer ours, so roll back."""
    ours = (Job.id == job.id) & (Job.token == job.token) & Job.finished_at.is_null()
    return bool(Job.update(finished_at=now, outcome=outcome, error=error[:2000]).where(ours).execute())


def retry(job: Job, *, now: datetime, delay: timedelta, error: str) -> bool:
    """Give a job back, to be sent again after ``delay``."""
    ours = (Job.id == job.id) & (Job.token == job.token) & Job.finished_at.is_null()
    return bool(Job.update(due_at=now + delay, leased_until=None, token=None, error=error[:2000]).where(ours).execute())


def again(job_ids: Iterable[int], *, now: datetime) -> int:
    """«Отправить ещё раз»: dead jobs start anew. The count of those that did."""
    fresh = Job.update(finished_at=None, outcome="", tries=0, due_at=now, leased_until=None, token=None)
    return int(fresh.where(Job.id.in_(list(job_ids)) & (Job.outcome == "dead")).execute())


def hurry(subjects: Iterable[int], *, actor: str, now: datetime) -> int:
    """Jobs that wait for their next try are due now, with all their tries before them; the count."""
    waiting = Job.subject.in_(list(subjects)) & (Job.actor == actor) & Job.finished_at.is_null() & Job.token.is_null()
    return int(Job.update(due_at=now, leased_until=None, tries=0).where(waiting & (Job.due_at > now)).execute())


def unlease(job_ids: Iterable[int]) -> None:
    """Give back what was leased and could not be sent."""
    Job.update(leased_until=None).where(Job.id.in_(list(job_ids)) & Job.token.is_null() & Job.finished_at.is_null()).execute()
