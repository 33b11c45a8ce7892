"""Putting right what a kill or a lost disk left behind. Every function may run at any time, twice or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from backoffice.domain.states import State
from backoffice.storage import Storage
from backoffice.store import outbox
from backoffice.store.base import db
from backoffice.store.checks import Check
from backoffice.store.listings import Submission, Upload
from backoffice.usecases.record_check import settle
from backoffice.usecases.request_checks import OPEN, actor_of

ABANDONED = timedelta(days=7)  # an upload nobody went on with


def tidy_uploads(storage: Storage, *, now: datetime) -> int:
    """Forget uploads that were not touched for a week, bytes included; the count."""
    old = list(Upload.select().where((Upload.updated_at < now - ABANDONED) & Upload.finished_at.is_null()))
    for upload in old:
        (storage.uploads / upload.token).unlink(missing_ok=True)
        upload.delete_instance()
    return len(old)


def revive_checks(*, now: datetime) -> int:
    """An open check without an open job gets one; a submission whose checks are all in moves on. The count of jobs put."""
    working = outbox.Job.select(outbox.Job.subject).where(
        outbox.Job.actor.in_(("scan", "scan_large", "try_install")) & outbox.Job.finished_at.is_null()
    )
    lost = list(Check.select().where(Check.state.in_(OPEN) & Check.id.not_in(working)))
    for check in lost:
        outbox.put(actor_of(check), check.id, key=f"check:{check.id}:revived:{now.isoformat()}", now=now)
    with db.atomic():
        settle(Submission.select().where(Submission.state == State.CHECKING), now=now)
    return len(lost)
