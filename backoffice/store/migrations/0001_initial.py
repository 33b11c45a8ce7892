"""The first schema. Frozen copies of the tables as they were; later changes are later migrations."""

from peewee import *

from backoffice.store.base import InstantField, JsonField, WordField

TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_keeps_{act} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        for act in ("UPDATE", "DELETE")
    ],
    "postgres": [
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$",
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()",
    ],
}
DICTIONARIES = {
    "industry": [
        ("Банки и финансы", "Banking and finance"),
        ("Государственное управление", "Public administration"),
        ("Медицина", "Medicine"),
        ("Информационные технологии", "Information technology"),
        ("Логистика и транспорт", "Logistics and transport"),
        ("Металлургия", "Metallurgy"),
        ("Нефть и газ", "Oil and gas"),
        ("Образование", "Education"),
        ("Промышленность", "Manufacturing"),
        ("Розничная торговля", "Retail"),
        ("Сельское хозяйство", "Agriculture"),
        ("Строительство", "Construction"),
        ("Телекоммуникации", "Telecommunications"),
        ("Энергетика", "Energy"),
        ("Другое", "Other"),
    ],
    "technology": [
        ("Глубокое обучение", "Deep learning"),
        ("Компьютерное зрение", "Computer vision"),
        ("Обработка естественного языка", "Natural language processing"),
        ("Распознавание и синтез речи", "Speech recognition and synthesis"),
        ("Рекомендательные системы", "Recommender systems"),
        ("Анализ временных рядов", "Time series analysis"),
        ("Прогнозирование и регрессия", "Forecasting and regression"),
        ("Классификация и кластеризация", "Classification and clustering"),
        ("Поиск аномалий", "Anomaly detection"),
        ("Генеративные модели", "Generative models"),
        ("Обучение с подкреплением", "Reinforcement learning"),
        ("Оптимизационные задачи", "Optimisation"),
        ("Другое", "Other"),
    ],
    "effect": [
        ("Повышение конверсии пользователей", "Higher user conversion"),
        ("Сокращение брака (анализ изображений)", "Fewer defects (image analysis)"),
        ("Рост выручки", "Revenue growth"),
        ("Снижение затрат", "Cost reduction"),
        ("Повышение качества продукции", "Better product quality"),
        ("Повышение производительности", "Higher productivity"),
        ("Снижение рисков", "Risk reduction"),
        ("Безопасность и охрана труда", "Safety at work"),
        ("Улучшение клиентского опыта", "Better customer experience"),
        ("Сокращение сроков", "Shorter lead times"),
        ("Экология", "Environment"),
        ("Другое", "Other"),
    ],
}
PARTIAL_INDEXES = [
    "CREATE INDEX outbox_due ON outbox (due_at, id) WHERE finished_at IS NULL",
    "CREATE INDEX outbox_dead ON outbox (finished_at) WHERE outcome = 'dead'",
    "CREATE INDEX submission_open ON submission (deadline_at, id) WHERE state IN ('checking', 'awaiting_review')",
    "CREATE UNIQUE INDEX hold_open ON hold (submission_id) WHERE ended_at IS NULL",
]


def up(migrator, db):
    class Person(Model):
        email = CharField(unique=True)
        password = CharField(null=True)
        name = CharField()
        team = CharField(default="")
        active = BooleanField(default=True)
        fs_uniquifier = CharField(unique=True, max_length=64)
        confirmed_at = InstantField(null=True)
        created_at = InstantField()
        language = CharField(max_length=5, default="ru")
        preferences = JsonField(default=dict)
        skills = JsonField(default=list)
        weekly_shifts = JsonField(default=list)
        away = JsonField(default=list)
        capacity = IntegerField(default=20)

        class Meta:
            database = db
            table_name = "person"

    db.create_tables([Person])

    class Listing(Model):
        owner = ForeignKeyField(Person, on_delete="RESTRICT")
        title = CharField(default="")
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "listing"

    db.create_tables([Listing])

    class Submission(Model):
        listing = ForeignKeyField(Listing, on_delete="RESTRICT")
        author = ForeignKeyField(Person, on_delete="RESTRICT")
        number = IntegerField(default=1)
        state = WordField(index=True, max_length=20, default="draft")
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
        decided_at = InstantField(index=True, null=True)
        budget_seconds = IntegerField(null=True)
        deadline_at = InstantField(null=True)
        deadline_provisional = BooleanField(default=False)
        calendar_version = CharField(default="")
        deadline_override = BooleanField(default=False)
        on_hold = BooleanField(default=False)
        priority = IntegerField(default=0)
        worst_finding = WordField(max_length=20, default="")
        infected = BooleanField(default=False)
        claimant = ForeignKeyField(Person, null=True, on_delete="SET NULL")
        claimed_at = InstantField(null=True)
        claim_expires_at = InstantField(null=True)
        claim_token = CharField(null=True, max_length=43)
        assignee = ForeignKeyField(Person, null=True, on_delete="SET NULL")
        assigned_by = ForeignKeyField(Person, null=True, on_delete="SET NULL")
        assigned_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "submission"
            indexes = (
                (("listing", "number"), True),
                (("state", "deadline_at", "id"), False),
                (("assignee", "state", "deadline_at"), False),
                (("claimant", "state"), False),
                (("author", "state"), False),
            )

    db.create_tables([Submission])

    class Blob(Model):
        sha256 = CharField(unique=True, max_length=64)
        size = BigIntegerField()
        created_at = InstantField()
        quarantined_at = InstantField(null=True)
        quarantine_reason = TextField(default="")

        class Meta:
            database = db
            table_name = "blob"

    db.create_tables([Blob])

    class Artifact(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        slot = WordField(max_length=20)
        name = CharField()
        blob = ForeignKeyField(Blob, on_delete="RESTRICT")
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "artifact"
            indexes = ((("submission", "slot"), True),)

    db.create_tables([Artifact])

    class Check(Model):
        blob = ForeignKeyField(Blob, on_delete="RESTRICT")
        kind = WordField(max_length=20)
        context = CharField(max_length=60)
        version = CharField(max_length=120)
        state = WordField(max_length=20, default="queued")
        verdict = WordField(max_length=10, default="")
        why = TextField(default="")
        detected = CharField(default="")
        coverage = JsonField(default=dict)
        facts = JsonField(default=dict)
        tools = JsonField(default=list)
        preview = JsonField(default=dict)
        transcript = JsonField(default=dict)
        progress = JsonField(default=dict)
        tries = IntegerField(default=0)
        created_at = InstantField()
        started_at = InstantField(null=True)
        finished_at = InstantField(null=True)
        exempted_by = ForeignKeyField(Person, null=True, on_delete="RESTRICT")
        exempt_reason = TextField(default="")

        class Meta:
            database = db
            table_name = "check_result"
            indexes = ((("blob", "kind", "context", "version"), True),)

    db.create_tables([Check])

    class ArtifactCheck(Model):
        artifact = ForeignKeyField(Artifact, on_delete="CASCADE")
        check = ForeignKeyField(Check, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "artifact_check"
            indexes = ((("artifact", "check"), True),)

    db.create_tables([ArtifactCheck])

    class Audit(Model):
        at = InstantField(index=True)
        person = ForeignKeyField(Person, null=True, on_delete="RESTRICT")
        submission = ForeignKeyField(Submission, null=True, on_delete="RESTRICT")
        action = WordField(index=True, max_length=40)
        data = JsonField(default=dict)

        class Meta:
            database = db
            table_name = "audit"

    db.create_tables([Audit])

    class CatalogEntry(Model):
        listing = ForeignKeyField(Listing, unique=True, on_delete="RESTRICT")
        submission_id = IntegerField()
        sequence = IntegerField()
        visible = BooleanField(default=True)
        title = CharField()
        card = JsonField()
        files = JsonField()
        value_ids = JsonField(default=list)
        received_at = InstantField()

        class Meta:
            database = db
            table_name = "catalog_entry"

    db.create_tables([CatalogEntry])

    class Decision(Model):
        submission = ForeignKeyField(Submission, unique=True, on_delete="RESTRICT")
        moderator = ForeignKeyField(Person, on_delete="RESTRICT")
        kind = WordField(max_length=10)
        made_at = InstantField(index=True)
        artifacts = JsonField()
        checks = JsonField()
        message = TextField(default="")
        checklist = JsonField(default=dict)

        class Meta:
            database = db
            table_name = "decision"

    db.create_tables([Decision])

    class DictionaryRequest(Model):
        person = ForeignKeyField(Person, on_delete="RESTRICT")
        kind = WordField(max_length=20)
        words = TextField()
        created_at = InstantField()
        closed_at = InstantField(null=True)
        closed_by = ForeignKeyField(Person, null=True, on_delete="RESTRICT")
        answer = TextField(default="")

        class Meta:
            database = db
            table_name = "dictionary_request"

    db.create_tables([DictionaryRequest])

    class DictionaryValue(Model):
        kind = WordField(max_length=20)
        ru = CharField()
        en = CharField()
        active = BooleanField(default=True)
        position = IntegerField(default=0)

        class Meta:
            database = db
            table_name = "dictionary_value"
            indexes = ((("kind", "ru"), True),)

    db.create_tables([DictionaryValue])

    class EscalationStep(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        step = IntegerField()
        fired_at = InstantField()
        skipped = IntegerField(default=0)

        class Meta:
            database = db
            table_name = "escalation_step"
            indexes = ((("submission", "step"), True),)

    db.create_tables([EscalationStep])

    class Finding(Model):
        check = ForeignKeyField(Check, on_delete="CASCADE")
        rule = CharField(index=True, max_length=80)
        severity = WordField(max_length=20)
        member = TextField(null=True)
        place = TextField(null=True)
        params = JsonField(default=dict)

        class Meta:
            database = db
            table_name = "finding"

    db.create_tables([Finding])

    class FullVersionRequest(Model):
        listing = ForeignKeyField(Listing, on_delete="RESTRICT")
        name = CharField()
        email = CharField()
        company = CharField(default="")
        message = TextField(default="")
        created_at = InstantField()
        handled_at = InstantField(null=True)
        handled_by = ForeignKeyField(Person, null=True, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "full_version_request"

    db.create_tables([FullVersionRequest])

    class Hold(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        person = ForeignKeyField(Person, null=True, on_delete="RESTRICT")
        reason = TextField()
        started_at = InstantField()
        ended_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "hold"

    db.create_tables([Hold])

    class HookCall(Model):
        endpoint_id = IntegerField()
        event = CharField()
        submission_id = IntegerField(index=True)
        webhook_id = CharField(unique=True)
        body = TextField()
        created_at = InstantField()
        delivered_at = InstantField(null=True)
        status = IntegerField(null=True)

        class Meta:
            database = db
            table_name = "hook_call"

    db.create_tables([HookCall])

    class HookEndpoint(Model):
        name = CharField(unique=True)
        url = TextField()
        secret = CharField()
        active = IntegerField(default=1)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "hook_endpoint"

    db.create_tables([HookEndpoint])

    class InAppNotice(Model):
        person = ForeignKeyField(Person, on_delete="CASCADE")
        submission = ForeignKeyField(Submission, null=True, on_delete="CASCADE")
        kind = WordField(max_length=40)
        params = JsonField(default=dict)
        key = CharField(unique=True)
        created_at = InstantField()
        read_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "in_app_notice"
            indexes = ((("person", "read_at"), False),)

    db.create_tables([InAppNotice])

    class InternalNote(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        person = ForeignKeyField(Person, on_delete="RESTRICT")
        text = TextField()
        mentions = JsonField(default=list)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "internal_note"

    db.create_tables([InternalNote])

    class Job(Model):
        actor = WordField(max_length=30)
        subject = IntegerField(index=True)
        key = CharField(unique=True)
        created_at = InstantField()
        due_at = InstantField()
        leased_until = InstantField(null=True)
        token = CharField(null=True, max_length=32)
        tries = IntegerField(default=0)
        finished_at = InstantField(null=True)
        outcome = WordField(max_length=10, default="")
        error = TextField(default="")

        class Meta:
            database = db
            table_name = "outbox"

    db.create_tables([Job])

    class Mail(Model):
        event = WordField(max_length=40)
        submission_id = IntegerField(index=True, null=True)
        recipient = CharField()
        subject = TextField()
        text = TextField()
        html = TextField(default="")
        message_id = CharField(unique=True)
        created_at = InstantField()
        sent_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "mail"

    db.create_tables([Mail])

    class Role(Model):
        name = CharField(unique=True)
        description = TextField(null=True)
        permissions = TextField(null=True)

        class Meta:
            database = db
            table_name = "role"

    db.create_tables([Role])

    class PersonRole(Model):
        user = ForeignKeyField(Person, on_delete="CASCADE")
        role = ForeignKeyField(Role, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "person_role"
            indexes = ((("user", "role"), True),)

    db.create_tables([PersonRole])

    class PreviewFile(Model):
        check = ForeignKeyField(Check, on_delete="CASCADE")
        name = CharField()
        media_type = CharField()
        size = BigIntegerField()
        storage_key = CharField()

        class Meta:
            database = db
            table_name = "preview_file"
            indexes = ((("check", "name"), True),)

    db.create_tables([PreviewFile])

    class Remark(Model):
        submission = ForeignKeyField(Submission, on_delete="RESTRICT")
        moderator = ForeignKeyField(Person, on_delete="RESTRICT")
        level = WordField(max_length=20)
        field = CharField(default="")
        slot = WordField(max_length=20, default="")
        member = TextField(default="")
        place = TextField(default="")
        rule = CharField(default="")
        template = CharField(default="")
        template_version = IntegerField(default=0)
        text = TextField()
        position = IntegerField(default=0)
        created_at = InstantField()
        carried_from = ForeignKeyField("self", null=True, on_delete="RESTRICT")
        outcome = WordField(max_length=12, default="")

        class Meta:
            database = db
            table_name = "remark"

    db.create_tables([Remark])

    class RemarkTemplate(Model):
        name = CharField()
        version = IntegerField(default=1)
        language = CharField(max_length=5, default="ru")
        level = WordField(max_length=20, default="requirement")
        slot = WordField(max_length=20, default="")
        field = CharField(default="")
        condition = CharField(default="")
        text = TextField()
        active = IntegerField(default=1)
        updated_at = InstantField()
        updated_by = ForeignKeyField(Person, null=True, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "remark_template"
            indexes = ((("name", "language", "version"), True),)

    db.create_tables([RemarkTemplate])

    class ReviewDraft(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        person = ForeignKeyField(Person, on_delete="CASCADE")
        data = JsonField(default=dict)
        revision = IntegerField(default=0)
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "review_draft"
            indexes = ((("submission", "person"), True),)

    db.create_tables([ReviewDraft])

    class SavedView(Model):
        person = ForeignKeyField(Person, on_delete="CASCADE")
        name = CharField()
        query = TextField()
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "saved_view"
            indexes = ((("person", "name"), True),)

    db.create_tables([SavedView])

    class Skip(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        person = ForeignKeyField(Person, on_delete="CASCADE")
        reason = TextField()
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "skip"
            indexes = ((("submission", "person"), True),)

    db.create_tables([Skip])

    class SubmissionValue(Model):
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        value = ForeignKeyField(DictionaryValue, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "submission_value"
            indexes = ((("submission", "value"), True), (("value", "submission"), False))

    db.create_tables([SubmissionValue])

    class Upload(Model):
        token = CharField(unique=True, max_length=43)
        person = ForeignKeyField(Person, on_delete="CASCADE")
        submission = ForeignKeyField(Submission, on_delete="CASCADE")
        slot = WordField(max_length=20)
        name = CharField()
        size = BigIntegerField()
        offset = BigIntegerField(default=0)
        created_at = InstantField()
        updated_at = InstantField()
        finished_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "upload"

    db.create_tables([Upload])
    kind = "sqlite" if isinstance(db, SqliteDatabase) else "postgres"
    for statement in TRIGGERS[kind] + PARTIAL_INDEXES:
        db.execute_sql(statement)
    db.execute_sql(
        "INSERT INTO hook_endpoint (name, url, secret, active, created_at) VALUES ('catalog', '', '', 1, '2026-11-23 00:00:00.000000+00:00')"
    )
    for kind, values in DICTIONARIES.items():
        for position, (ru, en) in enumerate(values):
            DictionaryValue.insert(kind=kind, ru=ru, en=en, position=position).execute()


def down(migrator, db):
    migrator.migrate(migrator.drop_table("upload"))
    migrator.migrate(migrator.drop_table("submission_value"))
    migrator.migrate(migrator.drop_table("skip"))
    migrator.migrate(migrator.drop_table("saved_view"))
    migrator.migrate(migrator.drop_table("review_draft"))
    migrator.migrate(migrator.drop_table("remark_template"))
    migrator.migrate(migrator.drop_table("remark"))
    migrator.migrate(migrator.drop_table("preview_file"))
    migrator.migrate(migrator.drop_table("person_role"))
    migrator.migrate(migrator.drop_table("role"))
    migrator.migrate(migrator.drop_table("mail"))
    migrator.migrate(migrator.drop_table("outbox"))
    migrator.migrate(migrator.drop_table("internal_note"))
    migrator.migrate(migrator.drop_table("in_app_notice"))
    migrator.migrate(migrator.drop_table("hook_endpoint"))
    migrator.migrate(migrator.drop_table("hook_call"))
    migrator.migrate(migrator.drop_table("hold"))
    migrator.migrate(migrator.drop_table("full_version_request"))
    migrator.migrate(migrator.drop_table("finding"))
    migrator.migrate(migrator.drop_table("escalation_step"))
    migrator.migrate(migrator.drop_table("dictionary_value"))
    migrator.migrate(migrator.drop_table("dictionary_request"))
    migrator.migrate(migrator.drop_table("decision"))
    migrator.migrate(migrator.drop_table("catalog_entry"))
    migrator.migrate(migrator.drop_table("audit"))
    migrator.migrate(migrator.drop_table("artifact_check"))
    migrator.migrate(migrator.drop_table("check_result"))
    migrator.migrate(migrator.drop_table("artifact"))
    migrator.migrate(migrator.drop_table("blob"))
    migrator.migrate(migrator.drop_table("submission"))
    migrator.migrate(migrator.drop_table("listing"))
    migrator.migrate(migrator.drop_table("person"))
    if not isinstance(db, SqliteDatabase):
        db.execute_sql("DROP FUNCTION audit_keeps()")
