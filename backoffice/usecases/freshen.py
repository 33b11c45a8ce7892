"""Results of checks grow old: a new version of tools, rules or signatures makes them stale, and the files are looked at again (M4, M5).

Only what is under moderation is looked at again; what is decided stays as it was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from backoffice.domain.states import UNDER_MODERATION, Act, State, after
from backoffice.store import outbox
from backoffice.store.base import db
from backoffice.store.checks import Check
from backoffice.store.listings import Artifact, Submission
from backoffice.usecases.record_check import current_checks
from backoffice.usecases.request_checks import actor_of, request_scan, request_try_install

LOOKED_AT = ("passed", "findings", "inconclusive", "exhausted")  # not exempt: a lead has answered for that


def renew(*, scan_version: str, try_install_version: str, signatures: str, rescan_after: timedelta, now: datetime) -> int:
    """Put every stale check of an open submission into the queue again; the count.

    ``signatures`` is the antivirus' present version, empty when it does not answer: then nothing is stale for its sake. A result under other
    signatures is stale once it is ``rescan_after`` old, so that a database that changes every hour does not keep everybody waiting.
    """
    versions = {"scan": scan_version, "try_install": try_install_version}
    count = 0
    for submission in Submission.select().where(Submission.state.in_(list(UNDER_MODERATION))):
        with db.atomic():
            stale = list(_stale(submission, versions, signatures, now - rescan_after))
            for check in stale:
                _again(check, versions[check.kind], now)
            if stale and submission.state == State.AWAITING_REVIEW:
                waiting = (Submission.id == submission.id) & (Submission.state == State.AWAITING_REVIEW)
                Submission.update(state=after(State.AWAITING_REVIEW, Act.RECHECK)).where(waiting).execute()
        count += len(stale)
    return count


def _stale(submission: Submission, versions: dict[str, str], signatures: str, older_than: datetime) -> Iterator[Check]:
    for check in current_checks(submission):
        if check.state not in LOOKED_AT:
            continue
        scanned_with = next((tool["version"] for tool in check.tools or [] if tool["name"] == "clamd"), "")
        outdated = bool(signatures and scanned_with and scanned_with != signatures and check.finished_at < older_than)
        if check.version != versions[check.kind] or outdated:
            yield check


def _again(check: Check, version: str, now: datetime) -> None:
    """Another version gets a check of its own, and the old one says that it is stale; the same version is simply run again."""
    if check.version == version:
        fresh = Check.update(state="queued", progress={}, tries=check.tries + 1, finished_at=None)
        fresh.where((Check.id == check.id) & (Check.state == check.state)).execute()
        outbox.put(actor_of(check), check.id, key=f"check:{check.id}:{check.tries + 1}", now=now)
        return
    Check.update(state="stale").where(Check.id == check.id).execute()
    request = request_scan if check.kind == "scan" else request_try_install
    for artifact in Artifact.select().where((Artifact.blob == check.blob_id) & (Artifact.slot == check.slot)):
        if artifact.submission.state in UNDER_MODERATION:
            request(artifact, version=version, now=now)
