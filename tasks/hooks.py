"""Calling the catalogs' hooks."""

from __future__ import annotations

import dramatiq

from backoffice.clock import utcnow
from backoffice.delivery import hooks
from backoffice.store import outbox
from backoffice.store.base import db
from backoffice.store.outbox import HookCall, HookEndpoint, Job
from tasks.broker import wiring
from tasks.running import Work, run

DELAYS = (5, 30, 120, 600, 3_600, 10_800, 36_000)


def call(job: Job) -> None:
    """Make one call; the receiver knows a repetition by its webhook id."""
    hook = HookCall.get_by_id(job.subject)
    url, secret = wiring.hook_target(HookEndpoint.get_by_id(hook.endpoint_id))
    status = hooks.call(url, secret=secret, webhook_id=hook.webhook_id, body=hook.body, now=utcnow())
    with db.atomic():
        now = utcnow()
        if outbox.finish(job, now=now):
            HookCall.update(delivered_at=now, status=status).where(HookCall.id == hook.id).execute()


@dramatiq.actor(queue_name="hooks", time_limit=120_000)
def hook(job_id: int) -> None:
    """Queue ``hooks``."""
    run(job_id, Work(call, DELAYS))
