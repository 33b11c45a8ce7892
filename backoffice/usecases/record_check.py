"""What a worker saw becomes part of the submissions it concerns (M4–M6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from backoffice.domain.errors import Lost
from backoffice.domain.events import Event
from backoffice.domain.states import DECIDED, UNDER_MODERATION, Act, State, after
from backoffice.domain.verdicts import Result, Verdict
from backoffice.store import audit, checks, outbox
from backoffice.store.base import db, locked
from backoffice.store.checks import ArtifactCheck, Check, PreviewFile
from backoffice.store.listings import Artifact, Blob, Submission
from backoffice.usecases.request_checks import SETTLED, no_try_install, request_try_install, submissions_of

VIRUS_RULES = ("antivirus.",)  # rules whose requirement-level findings put the bytes into quarantine


@dataclass(frozen=True, slots=True)
class Outcome(Result):
    """One finished examination, as a worker hands it over; failed ones are not handed over but tried again."""

    transcript: Mapping[str, Any] = field(default_factory=dict)
    preview_files: Sequence[Mapping[str, Any]] = ()  # {name, media_type, size, storage_key}
    infected: bool = False


def record(check_id: int, outcome: Outcome, *, job: outbox.Job, try_install_version: str, now: datetime) -> None:
    """Store the result, finish the job and move on every submission whose last check this was: one transaction.

    ``Lost`` when the job is no longer ours (its lease ran out and another worker has it): nothing is stored.
    """
    with db.atomic():
        if not outbox.finish(job, now=now):
            raise Lost("job_lost")
        _store(check_id, outcome, now)
        check = Check.get_by_id(check_id)
        if outcome.infected:
            _quarantine(check, outcome, now)
        else:
            follow_up([check], version=try_install_version, now=now)
        settle(submissions_of(check), now=now)


def follow_up(checks: Iterable[Check], *, version: str, now: datetime) -> None:
    """A scan that saw a Docker config asks for its try-install, for every submission the file is in; one that saw there is none says so (M6)."""
    for check in checks:
        ask = _next_of(check)
        if ask is None:
            continue
        for artifact in _archives_of(check):
            ask(artifact, version=version, now=now)


def _archives_of(check: Check) -> Iterable[Artifact]:
    """The archives under moderation that a check speaks for; of the same bytes there may have been many before."""
    rows = Artifact.select().join(ArtifactCheck).switch(Artifact).join(Submission)
    on = (ArtifactCheck.check == check) & (Artifact.slot == "model_archive") & Submission.state.in_(UNDER_MODERATION)
    found: Iterable[Artifact] = rows.where(on).order_by(Artifact.id)
    return found


def _next_of(check: Check) -> Callable[..., object] | None:
    """What a scan leads to. Where members could not be read, nobody knows whether there is a config among them."""
    if check.kind != "scan" or check.verdict == Verdict.REJECT:
        return None
    if check.facts.get("has_docker_config"):
        return request_try_install
    whole = check.state in ("passed", "findings") and not check.coverage.get("failed")
    return no_try_install if whole and check.facts.get("has_docker_config") is False else None


def _store(check_id: int, outcome: Outcome, now: datetime) -> None:
    coverage = {name: getattr(outcome.coverage, name) for name in ("bytes", "members", "scanned", "opaque", "failed")}
    Check.update(
        state=outcome.state,
        verdict=outcome.verdict,
        why=outcome.why,
        detected=outcome.detected,
        coverage=coverage,
        facts=dict(outcome.facts),
        tools=list(outcome.tools),
        preview=dict(outcome.preview),
        transcript=dict(outcome.transcript),
        progress={},
        finished_at=now,
    ).where((Check.id == check_id) & (Check.state != "exempt")).execute()
    checks.Finding.delete().where(checks.Finding.check == check_id).execute()
    PreviewFile.delete().where(PreviewFile.check == check_id).execute()
    found = [
        {
            "check": check_id,
            "rule": f.rule,
            "severity": f.severity,
            "member": f.member,
            "place": f.place,
            "params": dict(f.params),
        }
        for f in outcome.findings
    ]
    for start in range(0, len(found), 200):
        checks.Finding.insert_many(found[start : start + 200]).execute()
    if outcome.preview_files:
        PreviewFile.insert_many([{"check": check_id, **file} for file in outcome.preview_files]).execute()


def _quarantine(check: Check, outcome: Outcome, now: datetime) -> None:
    names = ", ".join(sorted({str(f.params.get("name", f.rule)) for f in outcome.findings if f.rule.startswith(VIRUS_RULES)}))
    fresh = Blob.update(quarantined_at=now, quarantine_reason=names).where(
        (Blob.id == check.blob_id) & Blob.quarantined_at.is_null()
    )
    if fresh.execute():
        for submission in submissions_of(check):
            audit.record(Event.QUARANTINED, now=now, submission=submission, sha256=check.blob.sha256, names=names)


def started(check_id: int, *, now: datetime) -> Check | None:
    """Mark a check running. None when nothing is left to do: exempted, or no submission waits for it."""
    check = Check.get_or_none(Check.id == check_id)
    if check is None or check.state == "exempt":
        return None
    Check.update(state="running", started_at=now, tries=Check.tries + 1, progress={}).where(Check.id == check_id).execute()
    return check


def failed(check_id: int, *, why: str, exhausted: bool, now: datetime, tried: tuple[int, int] | None = None) -> None:
    """We could not look: retried while there are tries left, then exhausted. Neither is ever a pass. ``tried``: which try of how many it was."""
    with db.atomic():
        state = "exhausted" if exhausted else "failed"
        progress, finished_at = {"tried": tried} if tried else {}, now if exhausted else None
        Check.update(state=state, verdict=Verdict.ERROR, why=why, progress=progress, finished_at=finished_at).where(
            (Check.id == check_id) & (Check.state != "exempt")
        ).execute()
        if exhausted:
            settle(submissions_of(Check.get_by_id(check_id)), now=now)


def settle(submissions: Iterable[Submission], *, now: datetime) -> None:
    """Those whose last check is in go on to review. Call it inside the transaction of what changed a check.

    A submission is locked before its checks are read: of two workers that bring the last two results at once, the second sees the first one's.
    """
    undecided = [each for each in submissions if each.state not in DECIDED]  # a draft may be submitted before it is locked
    for submission in map(_locked, sorted(undecided, key=attrgetter("id"))):
        if submission.state not in UNDER_MODERATION:
            continue
        states = current_checks(submission)
        worst = max(
            (check.verdict for check in states if check.verdict and check.state != "exempt"), key=_WORST.index, default=""
        )
        infected = any(check.blob.quarantined_at for check in states)
        Submission.update(worst_finding=worst, infected=infected).where(Submission.id == submission.id).execute()
        if submission.state != State.CHECKING or any(check.state not in SETTLED for check in states):
            continue
        on = (Submission.id == submission.id) & (Submission.state == State.CHECKING)
        if Submission.update(state=after(State.CHECKING, Act.CHECKS_DONE), checked_at=now).where(on).execute():
            audit.record(Event.CHECKS_FINISHED, now=now, submission=submission, worst=worst)


def _locked(submission: Submission) -> Submission:
    row = Submission.select().where(Submission.id == submission.id)
    present: Submission = locked(row).get()
    return present


_WORST = ["pass", "warn", "error", "reject"]


_HEAVY = {"facts", "tools", "preview", "transcript", "progress"}
_BRIEF = [column for name, column in Check._meta.fields.items() if name not in _HEAVY]


def current_checks(submission: Submission, *, brief: bool = False) -> list[Check]:
    """The newest check of each kind for each file of the submission, slot by slot.

    ``brief`` ones are without what can be long (facts, tools, preview, transcript, progress), for whoever only asks how they stand.
    """
    rows = (
        ArtifactCheck.select(ArtifactCheck, Artifact, *(_BRIEF if brief else [Check]), Blob)
        .join(Artifact)
        .switch(ArtifactCheck)
        .join(Check)
        .join(Blob)
        .where(Artifact.submission == submission)
        .order_by(ArtifactCheck.id)
    )
    newest: dict[tuple[str, str], Check] = {}
    for row in rows:
        row.check.slot = row.artifact.slot
        row.check.artifact_name = row.artifact.name
        newest[row.artifact.slot, row.check.kind] = row.check
    return list(newest.values())
