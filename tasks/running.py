"""Running one job of the outbox: take it, keep its lease alive, let it finish in its own transaction, or give it back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from backoffice.clock import utcnow
from backoffice.domain.errors import GiveUp, Lost, TryLater
from backoffice.domain.events import Event
from backoffice.store import audit, outbox
from backoffice.store.base import db
from tasks.broker import wiring

log = logging.getLogger(__name__)


def _nothing(job: outbox.Job, error: str, *, most: int, exhausted: bool) -> None:
    """Nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class Work:
    """How a kind of job is done.

    ``do(job)`` must close the job with ``outbox.finish`` inside the transaction of its result. ``delays`` are the pauses in seconds before each
    further try: their number is the number of retries. ``on_failure`` is told of every failed try.
    """

    do: Callable[[outbox.Job], None]
    delays: tuple[int, ...]
    on_failure: Callable[..., None] = _nothing


def run(job_id: int, work: Work) -> None:
    """Do the job once, if it is still to be done and nobody is at it."""
    with wiring.database.connection_context():
        job = outbox.begin(job_id, now=utcnow())
        if job is None:
            return
        with _kept(job):
            try:
                work.do(job)
            except Lost as lost:
                log.warning("job %s was lost: %s", job.id, lost.reason)
            except GiveUp as error:
                _failed(job, work, str(error), final=True)
            except TryLater as error:
                _failed(job, work, str(error), final=False)
            except Exception as error:
                log.exception("job %s (%s %s)", job.id, job.actor, job.subject)
                _failed(job, work, f"{type(error).__name__}: {error}", final=False)


def _failed(job: outbox.Job, work: Work, error: str, *, final: bool) -> None:
    now = utcnow()
    exhausted = final or job.tries > len(work.delays)
    with db.atomic():
        if exhausted:
            kept = outbox.finish(job, now=now, outcome="dead", error=error)
            if kept:
                audit.record(Event.DELIVERY_FAILED, now=now, job=job.id, actor=job.actor, subject=job.subject, error=error[:500])
        else:
            kept = outbox.retry(job, now=now, delay=timedelta(seconds=work.delays[job.tries - 1]), error=error)
        if kept:
            work.on_failure(job, error, most=len(work.delays) + 1, exhausted=exhausted)


class _kept:  # noqa: N801  (a context manager, used like a function)
    """Keeps a running job's lease alive from a thread with a connection of its own."""

    def __init__(self, job: outbox.Job) -> None:
        self.job, self.over = job, threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _beat(self) -> None:
        while not self.over.wait(outbox.RUNNING_LEASE.total_seconds() / 3):
            try:
                with wiring.database.connection_context():
                    if not outbox.beat(self.job, now=utcnow()):
                        return
            except Exception:
                log.exception("no heartbeat for job %s", self.job.id)
