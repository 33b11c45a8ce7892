"""Open deadlines follow a changed calendar at once; the sweep of every two minutes is for whatever this leaves behind."""

from __future__ import annotations

import dramatiq

from backoffice.clock import utcnow
from backoffice.store import outbox
from backoffice.store.outbox import Job
from backoffice.usecases.recompute import recompute
from tasks.running import Work, run

DELAYS = (5, 30, 120)


def follow(job: Job) -> None:
    """Every open submission, batch by batch: doing it again does nothing."""
    recompute(now=utcnow())
    outbox.finish(job, now=utcnow())


@dramatiq.actor(queue_name="sweeps", time_limit=600_000)
def deadlines(job_id: int) -> None:
    """Queue ``sweeps``."""
    run(job_id, Work(follow, DELAYS))
