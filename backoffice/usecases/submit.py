"""An author submits a draft: from here on the clock runs (A11, M1)."""

from __future__ import annotations

from datetime import datetime

from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.states import Act, State, after
from backoffice.domain.working_clock import WorkingClock
from backoffice.store import audit, search
from backoffice.store.base import db
from backoffice.store.listings import Listing, Submission
from backoffice.store.people import Person
from backoffice.usecases import mail
from backoffice.usecases.drafts import lacking, own, own_draft
from backoffice.usecases.policy_clock import columns, fired_steps, timing
from backoffice.usecases.record_check import current_checks, follow_up, settle
from backoffice.usecases.request_checks import request_scan


def submit(
    submission_id: int,
    *,
    author: Person,
    now: datetime,
    clock: WorkingClock,
    policy: DeadlinePolicy,
    scan_version: str,
    try_install_version: str,
) -> Submission:
    """Freeze the draft and start its moderation; in one transaction:

    state «На модерации», deadline on the working clock, audit row, one check per file with its job, the receipt e-mail.
    Raises ``Refused("incomplete", …)`` naming what is missing, ``Lost`` when it was submitted already.
    """
    with db.atomic():
        draft = own_draft(submission_id, author)
        if lacks := lacking(draft):
            raise Refused("incomplete", missing=",".join(lacks))
        times = columns(clock, policy, timing(draft, policy, submitted_at=now), fired=fired_steps(draft, policy))
        deadline = times["deadline_at"]
        changed = (
            Submission.update(
                state=after(draft.state, Act.SUBMIT),
                submitted_at=now,
                updated_at=now,
                budget_seconds=int(policy.budget.total_seconds()),
                **times,
            )
            .where((Submission.id == draft.id) & (Submission.state == State.DRAFT))
            .execute()
        )
        if not changed:
            raise Lost("already_submitted")
        submission: Submission = Submission.get_by_id(draft.id)
        Listing.update(title=submission.title).where(Listing.id == submission.listing_id).execute()
        audit.record(Event.SUBMITTED, now=now, person=author, submission=submission, deadline=deadline and deadline.isoformat())
        search.index(submission)
        for artifact in submission.artifacts:
            request_scan(artifact, version=scan_version, now=now)
        follow_up(current_checks(submission), version=try_install_version, now=now)
        mail.to_author("received", submission, now=now, deadline=deadline)
        settle([submission], now=now)  # files that were all looked at before wait for nobody
    return Submission.get_by_id(submission.id)


def withdraw(submission_id: int, *, author: Person, now: datetime) -> None:
    """The author takes back what is not decided yet."""
    with db.atomic():
        submission = own(submission_id, author)
        state = after(submission.state, Act.WITHDRAW)
        gone = Submission.update(state=state, updated_at=now, decided_at=now, claimant=None, claim_token=None)
        gone.where(Submission.id == submission.id).execute()
        audit.record(Event.WITHDRAWN, now=now, person=author, submission=submission)
