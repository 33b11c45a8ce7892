"""Listings, their submissions, the files, and the classification dictionaries."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from backoffice.store.base import InstantField, JsonField, Row, WordField
from backoffice.store.people import Person

RESTRICT, CASCADE, SET_NULL = "RESTRICT", "CASCADE", "SET NULL"
OPEN = "\"t1\".\"state\" IN ('checking', 'awaiting_review')"  # literal: SQLite matches partial indexes by text


class DictionaryValue(Row):
    """A value of «Отрасль», «Технология» or «Эффект» (A6). Never deleted, only switched off."""

    kind = WordField(max_length=20)  # industry | technology | effect
    ru = CharField()
    en = CharField()
    active = BooleanField(default=True)
    position = IntegerField(default=0)

    class Meta:
        table_name = "dictionary_value"
        indexes = ((("kind", "ru"), True),)

    def __str__(self) -> str:
        return str(self.ru)


class DictionaryRequest(Row):
    """An author asks support for a value that is missing (A6)."""

    person = ForeignKeyField(Person, on_delete=RESTRICT)
    kind = WordField(max_length=20)
    words = TextField()
    created_at = InstantField()
    closed_at = InstantField(null=True)
    closed_by = ForeignKeyField(Person, null=True, backref="+", on_delete=RESTRICT)
    answer = TextField(default="")

    class Meta:
        table_name = "dictionary_request"


class Listing(Row):
    """A marketplace entry. Its title is that of its newest submission."""

    owner = ForeignKeyField(Person, backref="listings", on_delete=RESTRICT)
    title = CharField(default="")
    created_at = InstantField()

    class Meta:
        table_name = "listing"

    def __str__(self) -> str:
        return str(self.title)


class Submission(Row):
    """One round of moderation: a frozen card and its artifacts, numbered within the listing.

    The claim (who works on it now, until when) and the assignment (whom a lead gave it to) are leases beside the state.
    ``revision`` grows with every change of the card, so that an autosave of an older page is noticed.
    """

    listing = ForeignKeyField(Listing, backref="submissions", on_delete=RESTRICT)
    author = ForeignKeyField(Person, backref="submissions", on_delete=RESTRICT)
    number = IntegerField(default=1)
    state = WordField(max_length=20, default="draft", index=True)
    revision = IntegerField(default=0)

    title = CharField(default="")
    description = TextField(default="")
    characteristics = TextField(default="")
    requirements = TextField(default="")

    created_at = InstantField()
    updated_at = InstantField()
    submitted_at = InstantField(null=True)
    checked_at = InstantField(null=True)
    first_look_at = InstantField(null=True)
    decided_at = InstantField(null=True, index=True)

    budget_seconds = IntegerField(null=True)
    deadline_at = InstantField(null=True)
    deadline_provisional = BooleanField(default=False)
    calendar_version = CharField(default="")
    deadline_override = BooleanField(default=False)
    next_step_at = InstantField(null=True)  # when the next step of the ladder is due
    answered_at = InstantField(null=True)  # a returned one whose next version is no draft any more; a trigger writes it
    archived_at = InstantField(null=True)  # a returned one that never came back
    on_hold = BooleanField(default=False)
    priority = IntegerField(default=0)  # raised by escalation; 0 is ordinary
    worst_finding = WordField(max_length=20, default="")  # the checks' verdict over all files, for queue chips and filters
    infected = BooleanField(default=False)

    claimant = ForeignKeyField(Person, null=True, backref="claims", on_delete=SET_NULL)
    claimed_at = InstantField(null=True)
    claim_expires_at = InstantField(null=True)
    claim_token = CharField(null=True, max_length=43)
    assignee = ForeignKeyField(Person, null=True, backref="assignments", on_delete=SET_NULL)
    assigned_by = ForeignKeyField(Person, null=True, backref="+", on_delete=SET_NULL)
    assigned_at = InstantField(null=True)

    @cached_property
    def files(self) -> list[Any]:
        """Its artifacts with their blobs, read once per object."""
        return list(Artifact.select(Artifact, Blob).join(Blob).where(Artifact.submission == self))

    class Meta:
        table_name = "submission"
        indexes = (
            (("listing", "number"), True),
            (("state", "deadline_at", "id"), False),
            (("assignee", "state", "deadline_at"), False),
            (("claimant", "state"), False),
            (("author", "state"), False),
        )


class SubmissionValue(Row):
    """One dictionary value picked for a submission."""

    submission = ForeignKeyField(Submission, backref="values", on_delete=CASCADE)
    value = ForeignKeyField(DictionaryValue, backref="+", on_delete=RESTRICT)

    class Meta:
        table_name = "submission_value"
        indexes = ((("submission", "value"), True), (("value", "submission"), False))


class Blob(Row):
    """The bytes of a file, stored once per SHA-256 under that name. Quarantined bytes are never served to anybody."""

    sha256 = CharField(unique=True, max_length=64)
    size = BigIntegerField()
    created_at = InstantField()
    quarantined_at = InstantField(null=True)
    quarantine_reason = TextField(default="")

    class Meta:
        table_name = "blob"


class Artifact(Row):
    """One file of a submission, in one slot."""

    submission = ForeignKeyField(Submission, backref="artifacts", on_delete=CASCADE)
    slot = WordField(max_length=20)  # data_example | instruction | terms_of_use | model_archive
    name = CharField()
    blob = ForeignKeyField(Blob, backref="artifacts", on_delete=RESTRICT)
    created_at = InstantField()

    class Meta:
        table_name = "artifact"
        indexes = ((("submission", "slot"), True),)


class Upload(Row):
    """A resumable upload (tus 1.0) in progress: bytes up to ``offset`` are safe in the storage's upload folder under ``token``."""

    token = CharField(unique=True, max_length=43)
    person = ForeignKeyField(Person, on_delete=CASCADE)
    submission = ForeignKeyField(Submission, backref="uploads", on_delete=CASCADE)
    slot = WordField(max_length=20)
    name = CharField()
    size = BigIntegerField()
    offset = BigIntegerField(default=0)
    created_at = InstantField()
    updated_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table_name = "upload"


class FullVersionRequest(Row):
    """A visitor asks staff for the full version of a published model (C2)."""

    listing = ForeignKeyField(Listing, on_delete=RESTRICT)
    name = CharField()
    email = CharField()
    company = CharField(default="")
    message = TextField(default="")
    created_at = InstantField()
    handled_at = InstantField(null=True)
    handled_by = ForeignKeyField(Person, null=True, on_delete=RESTRICT)

    class Meta:
        table_name = "full_version_request"


class CatalogEntry(Row):
    """The built-in catalog's own copy of a published model, as its hook received it (C1). ``sequence`` orders calls that come late."""

    listing = ForeignKeyField(Listing, unique=True, on_delete=RESTRICT)
    submission_id = IntegerField()
    sequence = IntegerField()
    visible = BooleanField(default=True)
    title = CharField()
    card = JsonField()  # description, characteristics, requirements, author, published_at
    files = JsonField()  # [{slot, name, size, sha256}]
    value_ids = JsonField(default=list)  # classification
    received_at = InstantField()

    class Meta:
        table_name = "catalog_entry"
