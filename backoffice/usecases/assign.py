"""A lead gives submissions to named moderators (M3, M9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.states import UNDER_MODERATION
from backoffice.store import audit
from backoffice.store.base import db, locked
from backoffice.store.listings import Submission
from backoffice.store.moderation import InAppNotice
from backoffice.store.people import Person
from backoffice.usecases.claim import NO_CLAIM, refuse_conflict


def assign(submission_ids: Sequence[int], *, to: Person, by: Person, now: datetime, note: str = "") -> list[int]:
    """Assign one or many: all or none. The assignee is told in the product. The ids that changed.

    ``Refused`` with the conflict of interest's reason; ``Lost`` when one of them is decided already.
    """
    with db.atomic():
        changed = []
        rows = Submission.select().where(Submission.id.in_(list(submission_ids))).order_by(Submission.id)
        for submission in locked(rows):
            refuse_conflict(submission, to)
            if submission.assignee_id == to.id:
                continue
            _assign(submission, Event.ASSIGNED, to=to, by=by, now=now, note=note)
            changed.append(submission.id)
    return changed


def _assign(submission: Submission, event: Event, *, to: Person, by: Person, now: datetime, note: str) -> None:
    release = {} if submission.claimant_id in (None, to.id) else NO_CLAIM
    open_ = (Submission.id == submission.id) & Submission.state.in_(UNDER_MODERATION)
    if not Submission.update(assignee=to, assigned_by=by, assigned_at=now, **release).where(open_).execute():
        raise Lost("already_decided", submission=submission.id)
    audit.record(event, now=now, person=by, submission=submission, to=to.id, before=submission.assignee_id, note=note)
    if to.id != by.id:
        InAppNotice.insert(
            person=to,
            submission=submission,
            kind="assigned",
            params={"by": by.name, "title": submission.title, "note": note},
            key=f"assigned:{submission.id}:{to.id}:{now.isoformat()}",
            created_at=now,
        ).on_conflict_ignore().execute()


def unassign(submission_id: int, *, by: Person, now: datetime) -> None:
    """Back to the pool."""
    with db.atomic():
        held = (Submission.id == submission_id) & Submission.assignee.is_null(False)
        if Submission.update(assignee=None, assigned_by=None, assigned_at=None).where(held).execute():
            audit.record(Event.UNASSIGNED, now=now, person=by, submission=submission_id)


def hand_over(submission_id: int, *, to: Person, by: Person, note: str, now: datetime) -> None:
    """A moderator hands what they hold, or was assigned to them, to a named colleague with a note; a lead hands over anything (M3).

    The colleague is told. ``Refused`` for a conflict of interest or what is not theirs to hand over; ``Lost`` when it is decided already.
    """
    with db.atomic():
        submission = Submission.get_or_none(Submission.id == submission_id)
        if submission is None:
            raise Refused("not_found")
        if by.id not in (submission.claimant_id, submission.assignee_id) and "lead" not in by.role_names():
            raise Refused("not_yours")
        refuse_conflict(submission, to)
        _assign(submission, Event.HANDED_OVER, to=to, by=by, now=now, note=note.strip())
