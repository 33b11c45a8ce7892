"""Checks of artifacts: their state, findings, coverage and previews (M4–M6). Stored once per bytes, slot and tool version."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, ForeignKeyField, IntegerField, TextField

from backoffice.store.base import InstantField, JsonField, Row, WordField
from backoffice.store.listings import Artifact, Blob
from backoffice.store.people import Person


class Check(Row):
    """One automatic examination of one file.

    ``kind``: ``scan`` (antivirus, format and archive rules in one pass through the jail) or ``try_install``. ``context`` is what besides the
    bytes decides the answer: slot and extension. ``version`` is that of tools, rules and signatures together; another version makes the
    result stale. ``state``: queued, running, passed, findings, inconclusive, failed, exhausted, stale, exempt,
    not_needed (``why`` says it).
    """

    blob = ForeignKeyField(Blob, backref="checks", on_delete="RESTRICT")
    kind = WordField(max_length=20)
    context = CharField(max_length=60)  # "model_archive:.zip"
    version = CharField(max_length=120)
    state = WordField(max_length=20, default="queued")
    verdict = WordField(max_length=10, default="")  # pass | warn | reject | error, once there is one
    why = TextField(default="")  # of inconclusive, failed and exhausted: a reason's name or words
    detected = CharField(default="")
    coverage = JsonField(default=dict)
    facts = JsonField(default=dict)
    tools = JsonField(default=list)  # [{name, version, seconds}]
    preview = JsonField(default=dict)
    transcript = JsonField(default=dict)  # try_install: steps, image, http, limits, engine … and why the try before it failed
    progress = JsonField(default=dict)  # {"bytes":, "of":, "members":} or {"step":} while running
    tries = IntegerField(default=0)
    created_at = InstantField()
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    exempted_by = ForeignKeyField(Person, null=True, backref="+", on_delete="RESTRICT")
    exempt_reason = TextField(default="")

    class Meta:
        table_name = "check_result"
        indexes = ((("blob", "kind", "context", "version"), True),)


class ArtifactCheck(Row):
    """Which checks speak for which artifact. A stale check keeps its link; the newest of each kind counts."""

    artifact = ForeignKeyField(Artifact, backref="links", on_delete="CASCADE")
    check = ForeignKeyField(Check, backref="links", column_name="check_id", on_delete="RESTRICT")

    class Meta:
        table_name = "artifact_check"
        indexes = ((("artifact", "check"), True),)


class Finding(Row):
    """One thing a check saw. Words are made from the rule and ``params`` when shown, in the reader's language."""

    check = ForeignKeyField(Check, backref="findings", column_name="check_id", on_delete="CASCADE")
    rule = CharField(max_length=80, index=True)
    severity = WordField(max_length=20)
    member = TextField(null=True)
    place = TextField(null=True)
    params = JsonField(default=dict)

    class Meta:
        table_name = "finding"


class PreviewFile(Row):
    """A preview made in the jail: a picture, a page, a poster. Its bytes lie in the storage under ``storage_key``."""

    check = ForeignKeyField(Check, backref="preview_files", column_name="check_id", on_delete="CASCADE")
    name = CharField()
    media_type = CharField()
    size = BigIntegerField()
    storage_key = CharField()

    class Meta:
        table_name = "preview_file"
        indexes = ((("check", "name"), True),)
