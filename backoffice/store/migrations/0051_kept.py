"""The last answer to what takes long to count; first looks in the order in which they happened.

A week counts the first looks that happened in it, so that the figures of a week that is over are final; weeks counted otherwise are counted again.
"""

from peewee import *

from backoffice.store.base import InstantField, JsonField


def up(migrator, db):
    class Kept(Model):
        name = CharField(unique=True, max_length=40)
        version = CharField(max_length=64)
        data = JsonField()
        made_at = InstantField()

        class Meta:
            database = db
            table_name = "kept"

    db.create_tables([Kept])
    db.execute_sql(
        "CREATE INDEX submission_first_look ON submission (first_look_at, submitted_at) WHERE first_look_at IS NOT NULL"
    )
    db.execute_sql("DELETE FROM week_figures")


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_first_look")
    db.execute_sql("DROP TABLE kept")
    db.execute_sql("DELETE FROM week_figures")
