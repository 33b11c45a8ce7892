"""Asking for checks: the same bytes in the same slot are looked at once per version of tools and rules (M4–M6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backoffice.domain.errors import Refused
from backoffice.domain.events import Event
from backoffice.domain.states import UNDER_MODERATION, Act, State, after
from backoffice.store import audit, outbox
from backoffice.store.base import db, locked
from backoffice.store.checks import ArtifactCheck, Check
from backoffice.store.listings import Artifact, Submission
from backoffice.store.people import Person

LARGE = 64 * 1024 * 1024  # larger files wait in a queue of their own, so that they never delay small ones
ARCHIVES = (".zip", ".7z", ".tar.gz")
OPEN = ("queued", "running", "failed")
SETTLED = ("passed", "findings", "inconclusive", "exhausted", "exempt", "not_needed")


def extension(name: str) -> str:
    """The file's extension as the slots policy knows it, lower case, ``.tar.gz`` in one piece."""
    name = name.lower()
    return ".tar.gz" if name.endswith(".tar.gz") else f".{name.rpartition('.')[2]}" if "." in name else ""


def request_scan(artifact: Artifact, *, version: str, now: datetime) -> Check:
    """The scan of one file: a fresh result is shared, otherwise a job is put."""
    return _request(artifact, "scan", f"{artifact.slot}:{extension(artifact.name)}", version, now)


def request_try_install(artifact: Artifact, *, version: str, now: datetime) -> Check:
    """The try-install of an archive that holds a Docker config (M6). The data example it is shown is part of what decides the answer."""
    data = Artifact.get_or_none((Artifact.submission == artifact.submission_id) & (Artifact.slot == "data_example"))
    return _request(artifact, "try_install", f"data:{data.blob_id if data else ''}", version, now)


def no_try_install(artifact: Artifact, *, version: str, now: datetime) -> None:
    """The check «не требуется», with the reason: an archive without a Docker config, or a model that is no archive (M6)."""
    why = "no_config" if extension(artifact.name) in ARCHIVES else "not_an_archive"
    _request(artifact, "try_install", extension(artifact.name), version, now, state="not_needed", why=why, finished_at=now)


def _request(artifact: Artifact, kind: str, context: str, version: str, now: datetime, **known: Any) -> Check:
    key = {"blob": artifact.blob_id, "kind": kind, "context": context, "version": version}
    Check.insert(**key, created_at=now, **known).on_conflict_ignore().execute()
    rows = Check.select().where(*(getattr(Check, name) == value for name, value in key.items()))
    check: Check = locked(rows).get()  # a result that comes this moment either is seen here, or sees the link that we make
    ArtifactCheck.insert(artifact=artifact, check=check).on_conflict_ignore().execute()
    if check.state in OPEN:
        outbox.put(actor_of(check), check.id, key=f"check:{check.id}:{check.tries}", now=now)
    return check


def actor_of(check: Check) -> str:
    if check.kind == "try_install":
        return "try_install"
    return "scan_large" if check.blob.size > LARGE else "scan"


def rerun(check_id: int, *, person: Person | None, now: datetime) -> None:
    """«Повторить»: look again, although there is a result. Submissions that wait for review wait for the check once more.

    Without ``person`` it is the product that tries again.
    """
    with db.atomic():
        check = Check.get_by_id(check_id)
        fresh = Check.update(state="queued", why="", progress={}, tries=check.tries + 1, finished_at=None)
        if not fresh.where((Check.id == check_id) & Check.state.not_in(("queued", "running"))).execute():
            raise Refused("check_running")
        if not outbox.hurry([check.id], actor=actor_of(check), now=now):  # a failed one may wait for its next try
            outbox.put(actor_of(check), check.id, key=f"check:{check.id}:{check.tries + 1}", now=now)
        for submission in submissions_of(check):
            if submission.state == State.AWAITING_REVIEW:
                state = after(submission.state, Act.RECHECK)
                Submission.update(state=state).where(
                    (Submission.id == submission.id) & (Submission.state == State.AWAITING_REVIEW)
                ).execute()
            audit.record(Event.CHECK_RERUN, now=now, person=person, submission=submission, check=check.id, kind=check.kind)


def hurry(kind: str, *, now: datetime) -> int:
    """What checks of a kind could not do is tried again at once, because what was missing is there now; how many are.

    That is those which wait for their next try, and of those which were given up the ones that a submission still under moderation needs.
    """
    waiting = [check.id for check in Check.select(Check.id).where((Check.kind == kind) & (Check.state == "failed"))]
    count = outbox.hurry(waiting, actor=kind, now=now)
    for check in Check.select().where((Check.kind == kind) & (Check.state == "exhausted")):
        if any(submission.state in UNDER_MODERATION for submission in submissions_of(check)):
            rerun(check.id, person=None, now=now)
            count += 1
    return count


def exempt(check_id: int, *, person: Person, reason: str, now: datetime) -> None:
    """A lead lets a submission pass without this check, with a reason that stays (M9)."""
    from backoffice.usecases.record_check import settle

    if not reason.strip():
        raise Refused("reason_needed")
    with db.atomic():
        check = locked(Check.select().where(Check.id == check_id)).get()
        if check.verdict == "reject":
            raise Refused("cannot_exempt_rejecting")
        Check.update(state="exempt", exempted_by=person, exempt_reason=reason, finished_at=now).where(
            Check.id == check_id
        ).execute()
        for submission in submissions_of(check):
            audit.record(Event.CHECK_EXEMPTED, now=now, person=person, submission=submission, check=check.id, reason=reason)
        settle(submissions_of(check), now=now)


def submissions_of(check: Check) -> list[Submission]:
    """The submissions whose files this check speaks for."""
    rows = Submission.select().join(Artifact).join(ArtifactCheck).where(ArtifactCheck.check == check).distinct()
    return list(rows)
