"""A draft: started, saved while it is written, given its files, left and resumed (A3–A13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from backoffice.domain import drafts
from backoffice.domain.errors import Lost, Refused
from backoffice.domain.states import State
from backoffice.store.base import db, locked
from backoffice.store.listings import Artifact, Blob, DictionaryValue, Listing, Submission, SubmissionValue, Upload
from backoffice.store.people import Person

RENEWABLE = (State.RETURNED, State.PUBLISHED, State.WITHDRAWN, State.UNPUBLISHED)


def start(*, author: Person, now: datetime) -> Submission:
    """A new listing with its first, empty draft."""
    with db.atomic():
        listing = Listing.create(owner=author, created_at=now)
        return Submission.create(listing=listing, author=author, created_at=now, updated_at=now)


def own(submission_id: int, author: Person) -> Submission:
    """The author's own submission, locked, or ``Refused``."""
    row = Submission.select().where((Submission.id == submission_id) & (Submission.author == author))
    submission: Submission | None = locked(row).first()
    if submission is None:
        raise Refused("not_found")
    return submission


def own_draft(submission_id: int, author: Person) -> Submission:
    """The author's own draft, or ``Refused``: not theirs, or frozen already. It stays a draft until the transaction ends."""
    submission = own(submission_id, author)
    if submission.state != State.DRAFT:
        raise Refused("not_a_draft", state=submission.state)
    return submission


def save(
    submission_id: int,
    *,
    author: Person,
    revision: int,
    card: Mapping[str, str],
    value_ids: Iterable[int] | None = None,
    now: datetime,
) -> int:
    """Save what is typed and return the new revision. ``Lost`` when another page saved a newer one: nothing is overwritten."""
    unknown = set(card) - set(drafts.CARD_FIELDS)
    if unknown:
        raise Refused("unknown_field", field=min(unknown))
    for name in drafts.too_long(card):
        raise Refused("too_long", field=name)
    with db.atomic():
        own_draft(submission_id, author)
        fresh = (Submission.id == submission_id) & (Submission.revision == revision) & (Submission.state == State.DRAFT)
        changed = Submission.update(**card, revision=revision + 1, updated_at=now).where(fresh).execute()
        if not changed:
            raise Lost("newer_draft")
        if "title" in card:
            Listing.update(title=card["title"]).where(
                Listing.id.in_(Submission.select(Submission.listing).where(Submission.id == submission_id))
            ).execute()
        if value_ids is not None:
            _classify(submission_id, set(value_ids))
    return revision + 1


def _classify(submission_id: int, wanted: set[int]) -> None:
    known = DictionaryValue.select(DictionaryValue.id).where(DictionaryValue.id.in_(wanted) & (DictionaryValue.active == True))  # noqa: E712
    SubmissionValue.delete().where(SubmissionValue.submission == submission_id).execute()
    rows = [{"submission": submission_id, "value": value.id} for value in known]
    if rows:
        SubmissionValue.insert_many(rows).execute()


def attach(submission_id: int, *, author: Person, slot: str, name: str, sha256: str, size: int, now: datetime) -> Artifact:
    """Put stored bytes into a slot, in place of what was there."""
    with db.atomic():
        submission = own_draft(submission_id, author)
        Blob.insert(sha256=sha256, size=size, created_at=now).on_conflict_ignore().execute()
        blob = Blob.get(Blob.sha256 == sha256)
        Artifact.delete().where((Artifact.submission == submission) & (Artifact.slot == slot)).execute()
        artifact: Artifact = Artifact.create(submission=submission, slot=slot, name=name, blob=blob, created_at=now)
        Submission.update(updated_at=now).where(Submission.id == submission.id).execute()
    return artifact


def detach(submission_id: int, *, author: Person, slot: str, now: datetime) -> None:
    """Empty a slot and forget its unfinished uploads."""
    with db.atomic():
        submission = own_draft(submission_id, author)
        Artifact.delete().where((Artifact.submission == submission) & (Artifact.slot == slot)).execute()
        Upload.delete().where((Upload.submission == submission) & (Upload.slot == slot)).execute()
        Submission.update(updated_at=now).where(Submission.id == submission.id).execute()


def lacking(submission: Submission) -> list[str]:
    """What the draft still lacks, by name."""
    values = DictionaryValue.select(DictionaryValue.kind).join(SubmissionValue).where(SubmissionValue.submission == submission)
    return drafts.missing(
        {name: getattr(submission, name) for name in drafts.CARD_FIELDS},
        dictionaries={value.kind for value in values},
        slots={artifact.slot for artifact in submission.artifacts},
    )


def renew(submission_id: int, *, author: Person, now: datetime) -> Submission:
    """«Редактировать»: the next draft of the listing, filled in from this submission, files included; an existing one is resumed."""
    with db.atomic():
        old = own(submission_id, author)
        rounds = Submission.select().where(Submission.listing == old.listing_id)
        newest: Submission = rounds.order_by(Submission.number.desc()).get()
        if newest.state == State.DRAFT:
            return newest
        if newest.id != old.id or old.state not in RENEWABLE:
            raise Refused("not_editable", state=newest.state)
        draft: Submission = Submission.create(
            listing=old.listing_id,
            author=author,
            number=newest.number + 1,
            created_at=now,
            updated_at=now,
            **{name: getattr(old, name) for name in drafts.CARD_FIELDS},
        )
        _classify(draft.id, {link.value_id for link in old.values})
        for artifact in old.artifacts:
            Artifact.create(submission=draft, slot=artifact.slot, name=artifact.name, blob=artifact.blob_id, created_at=now)
        return draft
