"""Try-installing the demo Docker config of an archive (M6). Queue ``sandbox``: the only worker that can reach the engine."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import dramatiq
from periodiq import cron

from backoffice.clock import utcnow
from backoffice.domain.errors import TryLater
from backoffice.inspection.sandbox import attempt
from backoffice.storage import blob_key
from backoffice.store import outbox
from backoffice.store.checks import Check
from backoffice.store.listings import Artifact, Blob, Submission
from backoffice.store.outbox import Job
from backoffice.usecases import record_check
from backoffice.usecases.examine import keep_previews
from tasks.broker import wiring
from tasks.keeping import QUEUE, keep
from tasks.running import Work, run
from tasks.scan import on_failure

log = logging.getLogger(__name__)
DELAYS = (30, 300)


def install(job: Job) -> None:
    """Try the archive's config outside any transaction, and record how it went."""
    check = record_check.started(job.subject, now=utcnow())
    if check is None:
        outbox.finish(job, now=utcnow(), outcome="cancelled")
        return
    with ExitStack() as stack:
        archive = stack.enter_context(wiring.storage.as_file(blob_key(check.blob.sha256)))
        data_id = check.context.partition(":")[2]
        data = Blob.get_or_none(Blob.id == int(data_id)) if data_id else None
        sample = stack.enter_context(wiring.storage.as_file(blob_key(data.sha256))) if data else None
        artifact = check.links.first().artifact
        tried = attempt.try_install(
            archive,
            name=artifact.name,
            data=sample,
            data_name=_name_of(data, artifact.submission) if data else "",
            engine=wiring.settings.engine,
            progress=lambda step: _show(check.id, step),
        )
    if tried.outcome == "infrastructure":
        log.warning("try-install of check %s, try %s: %s; steps: %s", check.id, job.tries, tried.kept, tried.transcript["steps"])
        raise TryLater(tried.kept)
    outcome = record_check.Outcome(
        state="passed" if not tried.findings else "findings",
        verdict=tried.verdict,
        why=tried.outcome,
        findings=tried.findings,
        transcript=tried.transcript | ({"before": job.error} if job.error else {}),
        tools=[{"name": "sandbox", "version": tried.engine, "seconds": tried.seconds}],
        preview_files=keep_previews(wiring.storage, check, tried.files),
    )
    record_check.record(check.id, outcome, job=job, try_install_version=wiring.try_install_version, now=utcnow())


def _name_of(data: Blob, submission: Submission) -> str:
    """The data example's name as its author gave it, so that a notebook finds the file it was written for."""
    found = Artifact.get_or_none((Artifact.submission == submission) & (Artifact.blob == data))
    return found.name if found else ""


def _show(check_id: int, step: str) -> None:
    Check.update(progress={"step": step}).where(Check.id == check_id).execute()


@dramatiq.actor(queue_name=QUEUE, time_limit=3_600_000)
def try_install(job_id: int) -> None:
    """Queue ``sandbox``."""
    run(job_id, Work(install, DELAYS, on_failure))


@dramatiq.actor(queue_name=QUEUE, periodic=cron("*/10 * * * *"), time_limit=600_000)
def reap() -> None:
    """The engine is kept clean, and says how it is."""
    keep(wiring)
