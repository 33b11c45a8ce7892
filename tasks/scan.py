"""Scanning one file: antivirus, format and archive rules in one pass through the jail (M4, M5)."""

from __future__ import annotations

import time
from pathlib import Path

import dramatiq

from backoffice.clock import utcnow
from backoffice.domain.errors import TryLater
from backoffice.domain.verdicts import Severity, Verdict
from backoffice.inspection import runner
from backoffice.storage import blob_key
from backoffice.store import outbox
from backoffice.store.checks import Check
from backoffice.store.outbox import Job
from backoffice.usecases import record_check
from tasks.broker import wiring
from tasks.running import Work, run

DELAYS = (10, 30, 120, 600)
SHOWN_EVERY = 1.0  # seconds between two looks at the progress


def examine(job: Job) -> None:
    """Inspect the file a check is about, outside any transaction, and record what was seen."""
    check = record_check.started(job.subject, now=utcnow())
    if check is None:
        outbox.finish(job, now=utcnow(), outcome="cancelled")
        return
    link = check.links.first()
    slot = check.context.partition(":")[0]
    with wiring.storage.as_file(blob_key(check.blob.sha256)) as path:
        seen = runner.inspect(
            path, slot=slot, name=link.artifact.name, antivirus=wiring.settings.clamd_address, progress=_Progress(check.id)
        )
    if seen.verdict == Verdict.ERROR:
        raise TryLater(seen.why)
    outcome = record_check.Outcome(
        state=seen.state,
        verdict=seen.verdict,
        why=seen.why,
        detected=seen.detected,
        findings=seen.findings,
        coverage=seen.coverage,
        facts=seen.facts,
        tools=seen.tools,
        preview=seen.preview,
        preview_files=keep_previews(check, [(a.name, a.media_type, a.data) for a in seen.attachments]),
        infected=any(f.rule == "antivirus.virus" and f.severity == Severity.REQUIREMENT for f in seen.findings),
    )
    record_check.record(check.id, outcome, job=job, try_install_version=wiring.try_install_version, now=utcnow())


def keep_previews(check: Check, files: list[tuple[str, str, bytes]]) -> list[dict[str, str | int]]:
    """Store preview files under keys of this check; writing one again is harmless."""
    kept: list[dict[str, str | int]] = []
    for name, media_type, data in files:
        key = f"previews/{check.id}/{Path(name).name}"
        wiring.storage.put(key, data)
        kept.append({"name": name, "media_type": media_type, "size": len(data), "storage_key": key})
    return kept


class _Progress:
    """Shows the bytes and members done, at most once a second."""

    def __init__(self, check_id: int) -> None:
        self.check_id, self.shown = check_id, 0.0

    def __call__(self, done: int, members: int) -> None:
        if time.monotonic() - self.shown >= SHOWN_EVERY:
            self.shown = time.monotonic()
            Check.update(progress={"bytes": done, "members": members}).where(Check.id == self.check_id).execute()


def on_failure(job: Job, error: str, *, exhausted: bool) -> None:
    """The check says so: retried, or exhausted. Never a pass."""
    record_check.failed(job.subject, why=error, exhausted=exhausted, now=utcnow())


WORK = Work(examine, DELAYS, on_failure)


@dramatiq.actor(queue_name="scans", time_limit=3_600_000)
def scan(job_id: int) -> None:
    """Queue ``scans``: files up to 64 MiB."""
    run(job_id, WORK)


@dramatiq.actor(queue_name="large_scans", time_limit=7_200_000)
def scan_large(job_id: int) -> None:
    """Queue ``large_scans``: larger ones, so that they never delay small ones."""
    run(job_id, WORK)
