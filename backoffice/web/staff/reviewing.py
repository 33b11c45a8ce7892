"""What the review page tells its script and its reader: templates, what stands against a decision, the day's progress, the keys (M3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_login import current_user
from peewee import ModelSelect

from backoffice import canned
from backoffice.clock import utcnow
from backoffice.domain import keys
from backoffice.domain.claims import is_live
from backoffice.domain.decisions import DecisionKind
from backoffice.domain.remark_templates import fits, newest
from backoffice.domain.states import State
from backoffice.i18n import gettext
from backoffice.store import queues
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, Remark, ReviewDraft, Skip
from backoffice.usecases import decide, request_checks, review
from backoffice.usecases.record_check import current_checks
from backoffice.web import words


def held(submission: Submission) -> bool:
    """Whether the reader's own claim on it is live."""
    return bool(
        submission.claimant_id == current_user.id
        and is_live(submission.claimant_id, submission.claim_expires_at, now=utcnow())
        and submission.state == State.AWAITING_REVIEW
    )


def claimant_name(submission: Submission) -> str:
    """Whose claim is live; mostly it is the reader's, whose name is known already."""
    if not is_live(submission.claimant_id, submission.claim_expires_at, now=utcnow()):
        return ""
    if submission.claimant_id == current_user.id:
        return str(current_user.name)
    return str(submission.claimant.name)


def own_keys() -> dict[str, str]:
    """Every act of the page with this person's key."""
    return keys.bound(current_user.preferences.get("keys", {}))


def templates(submission: Submission, found: Mapping[int, Sequence[Any]]) -> list[dict[str, Any]]:
    """Canned remarks in the author's language, those that fit what was found first."""
    rules = {finding.rule for rows in found.values() for finding in rows}
    extensions = {request_checks.extension(artifact.name) for artifact in submission.files}
    chosen = newest(canned.remark_templates(), submission.author.language)
    return sorted(
        (
            {
                "id": template.id,
                "version": template.version,
                "title": template.title,
                "text": template.text,
                "level": template.level,
                "slot": template.slot,
                "field": template.field,
                "hints": dict(template.hints or {}),
                "fits": fits(template, rules=rules, extensions=extensions) and bool(template.conditions),
            }
            for template in chosen
        ),
        key=lambda row: (not row["fits"], row["title"]),
    )


def old_as_new(old: review.OldRemark) -> dict[str, Any]:
    """An old remark as the one that carries it over."""
    return {**_anchored(old.remark), "carried_from": old.remark.id}


def _anchored(remark: Remark) -> dict[str, Any]:
    return {name: getattr(remark, name) for name in ("text", "level", "field", "slot", "member", "place", "rule")}


def decided(decision: Decision) -> dict[str, Any]:
    """What was sent with a decision, as a page of something undecided has its draft."""
    submission = decision.submission
    judged = Remark.select().join(Submission).where((Submission.listing == submission.listing_id) & (Remark.outcome != ""))
    return {
        "checklist": decision.checklist,
        "message": decision.message,
        "remarks": [_anchored(remark) for remark in submission.remarks.order_by(Remark.position)],
        "old": {remark.id: remark.outcome for remark in judged},
    }


def blockers(submission: Submission, checks: list[Check], data: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """What stands against each decision, in words."""
    found = {}
    for kind in DecisionKind:
        against = decide.standing_against(review.review_of({**data, "kind": kind}), submission, checks)
        found[str(kind)] = [
            {"reason": b.reason, "words": words.word(b.reason, "blocker"), "slot": b.slot and words.word(b.slot, "slot")}
            for b in against
        ]
    return found


def blocked(submission: Submission, checks: list[Check], draft: ReviewDraft | None) -> dict[str, list[dict[str, str]]]:
    """The same for what was kept."""
    return blockers(submission, checks, draft.data if draft else {})


def progress() -> str:
    """«Сегодня 7 из 12»: this person's decisions today, of these and what is still theirs to do."""
    clock = current_app.extensions["wiring"].working_clock
    since = clock.midnight(clock.day_of(utcnow()))
    done = Decision.select().where((Decision.moderator == current_user.id) & (Decision.made_at >= since)).count()
    left = queues.near(current_user).count()
    return gettext("today %(done)s of %(all)s", done=done, all=done + left)


def skipped() -> ModelSelect:
    """What this person passed over and is still open, the oldest first."""
    rows = Skip.select(Skip, Submission).join(Submission).where(Skip.person == current_user.id)
    return rows.where(Submission.state == State.AWAITING_REVIEW).order_by(Skip.created_at)


def after_the_last() -> str:
    """Where one goes when nothing is free: to the skipped ones, or else to the queue."""
    return url_for("staff_review.skipped") if skipped().exists() else url_for("staff_queue.index")


def lease(submission: Submission) -> dict[str, str]:
    """A claim as the script keeps it."""
    expires: datetime | None = submission.claim_expires_at
    return {"token": str(submission.claim_token), "expires_at": expires.isoformat() if expires else ""}


def claimed(submission: Submission) -> dict[str, Any]:
    """The same with what the page it goes with must have shown."""
    return {**lease(submission), "checks": decide.check_pins(current_checks(submission, brief=True))}
