"""What moderators write: remarks, decisions, drafts, notes; and the holds and escalation steps of a deadline."""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, IntegerField, TextField

from backoffice.store.base import InstantField, JsonField, Row, WordField
from backoffice.store.listings import Submission
from backoffice.store.people import Person


class Decision(Row):
    """Publish, return or reject, pinned to the hashes and check versions it was made on (M2, M8). Never changed."""

    submission = ForeignKeyField(Submission, unique=True, backref="decisions", on_delete="RESTRICT")
    moderator = ForeignKeyField(Person, backref="decisions", on_delete="RESTRICT")
    kind = WordField(max_length=10)  # publish | return | reject
    made_at = InstantField(index=True)
    artifacts = JsonField()  # {slot: sha256}
    checks = JsonField()  # {"slot:kind": version}
    message = TextField(default="")  # the moderator's words above the remarks
    checklist = JsonField(default=dict)  # {point: yes | no | na}, as the moderator answered
    machine_answers = JsonField(default=dict)  # the same of points that were left as the machine had answered them

    class Meta:
        table_name = "decision"


class Remark(Row):
    """One thing the author must, or is advised to, fix. Kept as it was sent."""

    submission = ForeignKeyField(Submission, backref="remarks", on_delete="RESTRICT")
    moderator = ForeignKeyField(Person, on_delete="RESTRICT")
    level = WordField(max_length=20)  # requirement | guideline | suggestion | note
    field = CharField(default="")  # of the card: title, description, … ; or empty
    slot = WordField(max_length=20, default="")
    member = TextField(default="")
    place = TextField(default="")
    rule = CharField(default="")  # of the finding it was drafted from
    template = CharField(default="")
    template_version = IntegerField(default=0)
    text = TextField()
    position = IntegerField(default=0)
    created_at = InstantField()
    carried_from = ForeignKeyField("self", null=True, backref="carried_to", on_delete="RESTRICT")
    outcome = WordField(max_length=12, default="")  # on the next submission: fixed | not_fixed | unclear

    class Meta:
        table_name = "remark"


class ReviewDraft(Row):
    """What a moderator has typed and ticked and not yet sent: a lapse of the claim loses nothing."""

    submission = ForeignKeyField(Submission, on_delete="CASCADE")
    person = ForeignKeyField(Person, on_delete="CASCADE")
    data = JsonField(default=dict)
    revision = IntegerField(default=0)
    updated_at = InstantField()

    class Meta:
        table_name = "review_draft"
        indexes = ((("submission", "person"), True),)


class InternalNote(Row):
    """For colleagues only; never in any mail. ``mentions`` are person ids."""

    submission = ForeignKeyField(Submission, backref="notes", on_delete="CASCADE")
    person = ForeignKeyField(Person, on_delete="RESTRICT")
    text = TextField()
    mentions = JsonField(default=list)
    created_at = InstantField()

    class Meta:
        table_name = "internal_note"


class Skip(Row):
    """A person passed a submission over; «Взять следующую» leaves it out for that person."""

    submission = ForeignKeyField(Submission, on_delete="CASCADE")
    person = ForeignKeyField(Person, on_delete="CASCADE")
    reason = TextField()
    created_at = InstantField()

    class Meta:
        table_name = "skip"
        indexes = ((("submission", "person"), True),)


class SavedView(Row):
    """A queue filter somebody keeps."""

    person = ForeignKeyField(Person, on_delete="CASCADE")
    name = CharField()
    query = TextField()
    created_at = InstantField()

    class Meta:
        table_name = "saved_view"
        indexes = ((("person", "name"), True),)


class Hold(Row):
    """A stretch in which the clock of a submission stands still (a lead's hold, M7). ``ended_at`` is null while it lasts."""

    submission = ForeignKeyField(Submission, backref="holds", on_delete="CASCADE")
    person = ForeignKeyField(Person, null=True, on_delete="RESTRICT")
    reason = TextField()
    started_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        table_name = "hold"


class EscalationStep(Row):
    """A step of the ladder that fired, or was passed over after downtime. Once per submission and step (M7)."""

    submission = ForeignKeyField(Submission, backref="escalations", on_delete="CASCADE")
    step = IntegerField()  # percent of the budget
    fired_at = InstantField()
    skipped = IntegerField(default=0)  # 1: a later step was due already

    class Meta:
        table_name = "escalation_step"
        indexes = ((("submission", "step"), True),)


class RemarkTemplate(Row):
    """A canned remark that staff edit in Flask-Admin; those shipped in templates/remarks/*.md are read beside them. A change is a new version."""

    name = CharField()
    version = IntegerField(default=1)
    language = CharField(default="ru", max_length=5)
    level = WordField(max_length=20, default="requirement")
    slot = WordField(max_length=20, default="")
    field = CharField(default="")
    condition = CharField(default="")
    text = TextField()
    active = IntegerField(default=1)
    updated_at = InstantField()
    updated_by = ForeignKeyField(Person, null=True, on_delete="RESTRICT")

    class Meta:
        table_name = "remark_template"
        indexes = ((("name", "language", "version"), True),)


class InAppNotice(Row):
    """A sign inside the product: escalation, assignment, mention. ``key`` makes each appear once."""

    person = ForeignKeyField(Person, backref="notices", on_delete="CASCADE")
    submission = ForeignKeyField(Submission, null=True, on_delete="CASCADE")
    kind = WordField(max_length=40)
    params = JsonField(default=dict)
    key = CharField(unique=True)
    created_at = InstantField()
    read_at = InstantField(null=True)

    class Meta:
        table_name = "in_app_notice"
        indexes = ((("person", "read_at"), False),)
