"""A moderator decides: publish, return for revision, or reject (M2, M8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from peewee import Select

from backoffice.delivery.render import Letter, letter
from backoffice.domain.decisions import Blocker, CheckState, DecisionKind, blockers
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.remarks import RemarkDraft
from backoffice.domain.states import Act, State, after
from backoffice.store import audit
from backoffice.store.base import db, insert_all, locked
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, Remark, ReviewDraft, Skip
from backoffice.store.people import Person
from backoffice.usecases import mail
from backoffice.usecases.claim import NO_CLAIM, refuse_conflict
from backoffice.usecases.publish import announce
from backoffice.usecases.record_check import current_checks
from backoffice.usecases.trial import told

_ACTS = {DecisionKind.PUBLISH: Act.PUBLISH, DecisionKind.RETURN: Act.RETURN, DecisionKind.REJECT: Act.REJECT}
_EVENTS = {DecisionKind.PUBLISH: Event.PUBLISHED, DecisionKind.RETURN: Event.RETURNED, DecisionKind.REJECT: Event.REJECTED}
_LETTERS = {DecisionKind.PUBLISH: "published", DecisionKind.RETURN: "returned", DecisionKind.REJECT: "rejected"}


@dataclass(frozen=True, slots=True)
class Review:
    """Everything a moderator sends with a decision. ``pinned`` is what the page showed: {slot: sha256} and {"slot:kind": version}.

    ``checklist`` is what the moderator answered, ``machine_answers`` what stood there as the machine had answered and was left so.
    ``old`` says of remarks of earlier rounds what became of them: {remark id: fixed | not_fixed | unclear}.
    """

    kind: DecisionKind
    message: str = ""
    remarks: Sequence[RemarkDraft] = ()
    checklist: Mapping[str, str] = field(default_factory=dict)
    machine_answers: Mapping[str, str] = field(default_factory=dict)
    old: Mapping[int, str] = field(default_factory=dict)
    opaque_signed: bool = False
    pinned_artifacts: Mapping[str, str] = field(default_factory=dict)
    pinned_checks: Mapping[str, str] = field(default_factory=dict)


def decide(submission_id: int, review: Review, *, moderator: Person, claim_token: str, now: datetime) -> Decision:
    """Decide, in one transaction: state, decision, remarks, audit row, the author's e-mail, and for a publication the hook calls.

    ``Lost`` when the claim, the state or what was looked at has changed since; ``Refused`` for a conflict of interest or while something
    stands against the decision. Nothing is changed then, and the moderator's draft stays.
    """
    row = Submission.select().where(Submission.id == submission_id)
    words = author_letter(_held(row, moderator, claim_token), review)  # of what is frozen: nobody waits for it
    with db.atomic():  # a hold or a result that comes this moment is seen, or waits until we have decided
        submission = _held(locked(row), moderator, claim_token)
        refuse_conflict(submission, moderator)
        checks = current_checks(submission, brief=True)
        seen = pins(submission, checks)
        if (dict(review.pinned_artifacts), dict(review.pinned_checks)) != seen:
            raise Lost("looked_at_has_changed")
        if against := standing_against(review, submission, checks):
            raise Refused("blocked", reasons=",".join(sorted({blocker.reason for blocker in against})))
        _move(submission, review.kind, claim_token, now)
        decision = _keep(submission, review, seen, moderator, now)
        audit.record(_EVENTS[review.kind], now=now, person=moderator, submission=submission, decision=decision.id)
        mail.store(_LETTERS[review.kind], submission.author.email, words, now=now, submission=submission)
        if review.kind == DecisionKind.PUBLISH:
            announce(submission, decision, now=now)
        mine = (ReviewDraft.submission == submission) & (ReviewDraft.person == moderator)
        ReviewDraft.delete().where(mine).execute()  # what a colleague typed meanwhile stays theirs
        Skip.delete().where(Skip.submission == submission).execute()
    return decision


def author_letter(submission: Submission, review: Review) -> Letter:
    """The e-mail exactly as it will be sent; the preview shows this very text."""
    order = ("requirement", "guideline", "suggestion", "note")
    remarks = sorted((asdict(r) for r in review.remarks if r.text.strip()), key=lambda r: order.index(r["level"]))
    author = submission.author
    trial = told(review.remarks, submission, author.language)
    return letter(
        _LETTERS[review.kind],
        author.language,
        person=author,
        submission=submission,
        message=review.message.strip(),
        required=[r for r in remarks if r["level"] == "requirement"],
        advised=[r for r in remarks if r["level"] != "requirement"],
        trial=trial,
    )


def standing_against(review: Review, submission: Submission, checks: Sequence[Check]) -> list[Blocker]:
    """What blocks this decision now, by name."""
    return blockers(
        review.kind,
        checks=[
            CheckState(c.slot, c.kind, c.state, c.verdict, c.coverage.get("opaque", 0), bool(c.blob.quarantined_at))
            for c in checks
        ],
        remarks=review.remarks,
        message=review.message,
        opaque_signed=review.opaque_signed,
        on_hold=submission.on_hold,
    )


def pins(submission: Submission, checks: Sequence[Check]) -> tuple[dict[str, str], dict[str, str]]:
    """What a decision is pinned to: the hash of every file, and the version of every check with its state."""
    return {artifact.slot: artifact.blob.sha256 for artifact in submission.files}, check_pins(checks)


def check_pins(checks: Sequence[Check]) -> dict[str, str]:
    """The second half of the pins: «slot:kind» to version, state and verdict."""
    return {f"{check.slot}:{check.kind}": f"{check.version} {check.state} {check.verdict}" for check in checks}


def _held(row: Select, moderator: Person, claim_token: str) -> Submission:
    submission: Submission | None = row.first()
    if submission is None:
        raise Refused("not_found")
    if submission.state != State.AWAITING_REVIEW:
        decision = Decision.get_or_none(Decision.submission == submission)
        raise Lost("already_decided", by=decision.moderator.name if decision else "", state=submission.state)
    if not claim_token or submission.claim_token != claim_token or submission.claimant_id != moderator.id:
        raise Lost("claim_lost", by=submission.claimant.name if submission.claimant_id else "")
    return submission


def _move(submission: Submission, kind: DecisionKind, claim_token: str, now: datetime) -> None:
    state = after(submission.state, _ACTS[kind])
    held = (
        (Submission.id == submission.id) & (Submission.state == State.AWAITING_REVIEW) & (Submission.claim_token == claim_token)
    )
    if not Submission.update(state=state, decided_at=now, updated_at=now, **NO_CLAIM).where(held).execute():
        raise Lost("already_decided")


def _keep(
    submission: Submission, review: Review, seen: tuple[dict[str, str], dict[str, str]], moderator: Person, now: datetime
) -> Decision:
    decision: Decision = Decision.create(
        submission=submission,
        moderator=moderator,
        kind=review.kind,
        made_at=now,
        artifacts=seen[0],
        checks=seen[1],
        message=review.message.strip(),
        checklist=dict(review.checklist),
        machine_answers=dict(review.machine_answers),
    )
    own = {"submission": submission, "moderator": moderator, "created_at": now}
    written = [asdict(remark) for remark in review.remarks if remark.text.strip()]
    insert_all(Remark, [{**own, "position": position, **remark} for position, remark in enumerate(written)])
    _judge_old(submission, review)
    return decision


def _judge_old(submission: Submission, review: Review) -> None:
    """What became of earlier remarks: what is carried over was not fixed, of the others what the moderator said."""
    carried = {remark.carried_from: "not_fixed" for remark in review.remarks if remark.carried_from}
    rounds = Submission.select(Submission.id).where(
        (Submission.listing == submission.listing_id) & (Submission.number < submission.number)
    )
    for remark_id, outcome in {**review.old, **carried}.items():
        Remark.update(outcome=outcome).where((Remark.id == remark_id) & Remark.submission.in_(rounds)).execute()
