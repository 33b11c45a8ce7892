"""Scanning one file: antivirus, format and archive rules in one pass through the jail (M4, M5)."""

from __future__ import annotations

import time

import dramatiq

from backoffice.clock import utcnow
from backoffice.domain.errors import GiveUp, TryLater
from backoffice.domain.verdicts import Verdict
from backoffice.inspection import runner
from backoffice.storage import blob_key
from backoffice.store import outbox
from backoffice.store.checks import Check
from backoffice.store.outbox import Job
from backoffice.usecases import examine, record_check
from tasks.broker import wiring
from tasks.running import Work, run

DELAYS = (10, 30, 120, 600)
SHOWN_EVERY = 1.0  # seconds between two looks at the progress


def look(job: Job) -> None:
    """Inspect the file a check is about, outside any transaction, and record what was seen."""
    check = record_check.started(job.subject, now=utcnow())
    if check is None:
        outbox.finish(job, now=utcnow(), outcome="cancelled")
        return
    link = check.links.first()
    slot = check.context.partition(":")[0]
    with wiring.storage.as_file(blob_key(check.blob.sha256)) as path:
        seen = runner.inspect(
            path,
            slot=slot,
            name=link.artifact.name,
            antivirus=wiring.settings.clamd_address,
            progress=_Progress(check.id),
            scratch=wiring.settings.var / "scratch",
        )
    if seen.verdict == Verdict.ERROR:
        raise (TryLater if seen.retry else GiveUp)(seen.why)
    outcome = examine.outcome_of(check, seen, wiring.storage)
    record_check.record(check.id, outcome, job=job, try_install_version=wiring.try_install_version, now=utcnow())


class _Progress:
    """Shows the bytes and members done, at most once a second."""

    def __init__(self, check_id: int) -> None:
        self.check_id, self.shown = check_id, 0.0

    def __call__(self, done: int, members: int) -> None:
        if time.monotonic() - self.shown >= SHOWN_EVERY:
            self.shown = time.monotonic()
            Check.update(progress={"bytes": done, "members": members}).where(Check.id == self.check_id).execute()


def on_failure(job: Job, error: str, *, most: int, exhausted: bool) -> None:
    """The check says so: retried, or exhausted. Never a pass."""
    record_check.failed(job.subject, why=error, exhausted=exhausted, tried=(job.tries, most), now=utcnow())


WORK = Work(look, DELAYS, on_failure)


@dramatiq.actor(queue_name="scans", time_limit=3_600_000)
def scan(job_id: int) -> None:
    """Queue ``scans``: files up to 64 MiB."""
    run(job_id, WORK)


@dramatiq.actor(queue_name="large_scans", time_limit=7_200_000)
def scan_large(job_id: int) -> None:
    """Queue ``large_scans``: larger ones, so that they never delay small ones."""
    run(job_id, WORK)
