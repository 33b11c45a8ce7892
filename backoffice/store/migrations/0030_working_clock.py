"""When the next step of the ladder is due, what went to the archive, and the days the staff changed."""

from peewee import *

from backoffice.store.base import InstantField, WordField

OPEN = "state IN ('checking', 'awaiting_review')"


def up(migrator, db):
    for column in ("next_step_at", "archived_at"):
        db.execute_sql(f"ALTER TABLE submission ADD COLUMN {column} TIMESTAMPTZ")
    db.execute_sql(f"CREATE INDEX submission_step_due ON submission (next_step_at, id) WHERE {OPEN}")

    class Person(Model):
        class Meta:
            database = db
            table_name = "person"

    class CalendarChange(Model):
        day = DateField()
        kind = WordField(max_length=10)
        reason = TextField()
        person = ForeignKeyField(Person, on_delete="RESTRICT")
        created_at = InstantField()
        ended_at = InstantField(null=True)
        ended_by = ForeignKeyField(Person, null=True, backref="+", on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "calendar_change"

    db.create_tables([CalendarChange])
    db.execute_sql("CREATE UNIQUE INDEX calendar_change_day ON calendar_change (day) WHERE ended_at IS NULL")


def down(migrator, db):
    db.execute_sql("DROP TABLE calendar_change")
    db.execute_sql("DROP INDEX submission_step_due")
    for column in ("archived_at", "next_step_at"):
        db.execute_sql(f"ALTER TABLE submission DROP COLUMN {column}")
