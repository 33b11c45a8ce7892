"""What a moderator sees and types while reviewing: the draft of the decision, the machine's hints, the fate of old remarks (M3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from peewee import fn

from backoffice import canned
from backoffice.domain.checklist import ANSWERS, Evidence, Facts, FileFacts, Point, evidence
from backoffice.domain.decisions import DecisionKind
from backoffice.domain.drafts import CARD_FIELDS
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.remark_templates import unfilled
from backoffice.domain.remarks import RemarkDraft
from backoffice.domain.states import DECIDED, State
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.checks import Check, Finding
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, InAppNotice, InternalNote, Remark, ReviewDraft
from backoffice.store.people import Person
from backoffice.usecases.decide import Review
from backoffice.usecases.request_checks import extension

LONGEST_REMARK = 4_000
MOST_REMARKS = 100
OUTCOMES = ("fixed", "not_fixed", "unclear")  # of a remark, in the next round


def draft_of(submission_id: int, person: Person) -> ReviewDraft | None:
    """What this person typed here and has not sent."""
    found: ReviewDraft | None = ReviewDraft.get_or_none(
        (ReviewDraft.submission == submission_id) & (ReviewDraft.person == person)
    )
    return found


def keep_draft(submission_id: int, *, person: Person, data: Mapping[str, Any], revision: int, now: datetime) -> int:
    """Save what is typed; the new revision. ``Lost`` when another window saved a newer one. A lapsed claim does not matter here."""
    kept = review_of(data)  # refuses what is not a review
    del kept
    key = {"submission": submission_id, "person": person}
    with db.atomic():
        ReviewDraft.insert(**key, updated_at=now).on_conflict_ignore().execute()
        mine = (ReviewDraft.submission == submission_id) & (ReviewDraft.person == person) & (ReviewDraft.revision == revision)
        changed = ReviewDraft.update(data=dict(data), revision=revision + 1, updated_at=now).where(mine).execute()
        if not changed:
            raise Lost("newer_draft")
    return revision + 1


def review_of(data: Mapping[str, Any]) -> Review:
    """A review out of a page's JSON. ``Refused("malformed")`` for what no page of ours sends, ``Refused("too_long")`` past the limits."""
    try:
        remarks = [_remark(row) for row in data.get("remarks", [])]
        checklist = _answers(data.get("checklist", {}))
        machine = _answers(data.get("machine_answers", {}))
        old = {int(remark): str(outcome) for remark, outcome in data.get("old", {}).items()}
        pinned = {name: dict(data.get(name, {})) for name in ("pinned_artifacts", "pinned_checks")}
        kind = DecisionKind(data.get("kind") or DecisionKind.RETURN)
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused("malformed") from error
    if len(remarks) > MOST_REMARKS or any(len(remark.text) > LONGEST_REMARK for remark in remarks):
        raise Refused("too_long")
    return Review(
        kind=kind,
        message=str(data.get("message", ""))[:LONGEST_REMARK],
        remarks=remarks,
        checklist=checklist,
        machine_answers={point: answer for point, answer in machine.items() if point not in checklist},
        old={remark: outcome for remark, outcome in old.items() if outcome in OUTCOMES},
        opaque_signed=bool(data.get("opaque_signed")),
        **pinned,
    )


def _answers(said: Mapping[Any, Any]) -> dict[str, str]:
    return {str(point): str(answer) for point, answer in said.items() if answer in ANSWERS}


_REMARK_FIELDS = {field.name: field.type for field in fields(RemarkDraft)}


def _remark(row: Mapping[str, Any]) -> RemarkDraft:
    values: dict[str, Any] = {name: str(row.get(name) or "") for name in _REMARK_FIELDS}
    values["level"] = values["level"] if values["level"] in ("requirement", "guideline", "suggestion", "note") else "requirement"
    values["template_version"] = int(row.get("template_version") or 0)
    values["carried_from"] = int(row["carried_from"]) if row.get("carried_from") else None
    return RemarkDraft(**values)


def refuse_unfilled(review: Review) -> None:
    """A remark with an open {placeholder} is not sent."""
    left = [name for remark in review.remarks for name in unfilled(remark.text)]
    if left:
        raise Refused("unfilled", names=", ".join(dict.fromkeys(left)))


def facts_of(submission: Submission, current: Sequence[Check], found: Mapping[int, Sequence[Finding]]) -> Facts:
    """What the machine knows for the checklist. ``found`` are the findings of each check."""
    files = {}
    for artifact in submission.files:
        scan = next((c for c in current if c.slot == artifact.slot and c.kind == "scan"), None)
        tried = next((c for c in current if c.slot == artifact.slot and c.kind == "try_install"), None)
        told = _told_by(scan, [finding.rule for finding in found.get(scan.id, ())]) if scan else FileFacts()
        files[artifact.slot] = replace(told, extension=extension(artifact.name), try_install=tried.verdict if tried else "")
    return Facts({name: getattr(submission, name) for name in CARD_FIELDS}, files)


def _told_by(scan: Check, rules: Sequence[str]) -> FileFacts:
    preview: Mapping[str, Any] = scan.preview or {}
    done = scan.state in ("passed", "findings")
    listed = done and not scan.coverage.get("failed")
    found = {"docker": scan.facts.get("docker"), "compiled": scan.facts.get("compiled")}
    named = {kind: str(rows[0]["name"] if isinstance(rows[0], dict) else rows[0]) for kind, rows in found.items() if rows}
    suffixes = (extension(str(entry.get("name", ""))) for entry in preview.get("entries", []))
    return FileFacts(
        rules=rules,
        seen=listed and not scan.coverage.get("opaque"),
        listed=listed,
        text=str(preview.get("text") or ""),
        whole=done and not preview.get("truncated"),
        inside=tuple(dict.fromkeys(suffix for suffix in suffixes if suffix)),
        holds=named if listed and "has_docker_config" in scan.facts else None,
    )


def hints(
    submission: Submission, current: Sequence[Check], found: Mapping[int, Sequence[Finding]]
) -> list[tuple[Point, Evidence | None]]:
    """Every point of the checklist with what the machine can tell. ``found`` are the findings of each check."""
    facts = facts_of(submission, current, found)
    return [(point, evidence(point, facts)) for point in canned.checklist()]


def previous_of(submission: Submission) -> Submission | None:
    """The last decided submission of the same listing before this one."""
    if submission.number == 1:
        return None
    older = (Submission.listing == submission.listing_id) & (Submission.number < submission.number)
    decided = Submission.state.in_([str(state) for state in DECIDED])
    found: Submission | None = Submission.select().where(older & decided).order_by(Submission.number.desc()).first()
    return found


def published_of(submission: Submission) -> Submission | None:
    """The version of the same listing that was published last before this one, be it in the catalog still or not."""
    if submission.number == 1:
        return None
    older = (Submission.listing == submission.listing_id) & (Submission.number < submission.number)
    published = Submission.state.in_([str(state) for state in (State.PUBLISHED, State.SUPERSEDED, State.UNPUBLISHED)])
    found: Submission | None = Submission.select().where(older & published).order_by(Submission.number.desc()).first()
    return found


@dataclass(frozen=True, slots=True)
class OldRemark:
    """A remark of the previous round and what became of it. ``outcome``: fixed | not_fixed | unclear; ``evidence`` names why."""

    remark: Remark
    outcome: str
    evidence: str


def old_remarks(
    submission: Submission, previous: Submission | None, current: Sequence[Check], found: Mapping[int, Sequence[Finding]]
) -> list[OldRemark]:
    """The machine's view of each old remark: the finding is gone or still there, the file or text has changed or not."""
    if previous is None:
        return []
    now_rules = {(check.slot, finding.rule) for check in current for finding in found.get(check.id, ())}
    before = {artifact.slot: artifact.blob_id for artifact in previous.artifacts}
    same_files = {artifact.slot for artifact in submission.files if before.get(artifact.slot) == artifact.blob_id}
    same_texts = {name for name in CARD_FIELDS if getattr(previous, name) == getattr(submission, name)}
    rows = previous.remarks.order_by(Remark.position)
    return [OldRemark(remark, *_fate(remark, same_files, same_texts, now_rules)) for remark in rows]


def _fate(remark: Remark, same_files: set[str], same_texts: set[str], now_rules: set[tuple[str, str]]) -> tuple[str, str]:
    if remark.rule and remark.slot:
        still = (remark.slot, remark.rule) in now_rules
        return ("not_fixed", "finding_still") if still else ("fixed", "finding_gone")
    if remark.slot:
        return ("not_fixed", "file_same") if remark.slot in same_files else ("unclear", "file_changed")
    if remark.field in CARD_FIELDS:
        return ("not_fixed", "text_same") if remark.field in same_texts else ("unclear", "text_changed")
    return "unclear", ""


def note(submission_id: int, *, person: Person, text: str, now: datetime) -> InternalNote:
    """An internal note; colleagues named as @имя are told. Never part of any letter."""
    if not text.strip():
        raise Refused("words_needed")
    with db.atomic():
        submission = Submission.get_by_id(submission_id)
        mentioned = [colleague for colleague in _colleagues() if f"@{colleague.name}".casefold() in text.casefold()]
        kept: InternalNote = InternalNote.create(
            submission=submission,
            person=person,
            text=text.strip()[:LONGEST_REMARK],
            mentions=[colleague.id for colleague in mentioned],
            created_at=now,
        )
        for colleague in mentioned:
            InAppNotice.insert(
                person=colleague,
                submission=submission,
                kind="mention",
                params={"by": person.name, "title": submission.title},
                key=f"mention:{kept.id}:{colleague.id}",
                created_at=now,
            ).on_conflict_ignore().execute()
        audit.record(Event.NOTED, now=now, person=person, submission=submission, note=kept.id)
    return kept


def _colleagues() -> list[Person]:
    from backoffice.domain.permissions import STAFF
    from backoffice.usecases.people import with_role

    return with_role(*STAFF)


@dataclass(frozen=True, slots=True)
class AuthorHistory:
    """An author's past with us."""

    submissions: int
    published: int
    returned: int
    rejected: int


def author_history(author: Person) -> AuthorHistory:
    """How often this author submitted, and how it ended."""
    submitted = Submission.select().where((Submission.author == author) & Submission.submitted_at.is_null(False)).count()
    made = Decision.select(Decision.kind, fn.COUNT(Decision.id)).join(Submission).where(Submission.author == author)
    kinds = dict.fromkeys(DecisionKind, 0) | {
        DecisionKind(kind): number for kind, number in made.group_by(Decision.kind).tuples()
    }
    return AuthorHistory(int(submitted), kinds[DecisionKind.PUBLISH], kinds[DecisionKind.RETURN], kinds[DecisionKind.REJECT])
