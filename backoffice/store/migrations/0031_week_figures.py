"""Weeks that are over, counted once, and arrivals in their order: the lead's history does not grow slower with the years."""

from peewee import *

from backoffice.store.base import InstantField, JsonField


def up(migrator, db):
    class WeekFigures(Model):
        monday = DateField(unique=True)
        data = JsonField()
        made_at = InstantField()

        class Meta:
            database = db
            table_name = "week_figures"

    db.create_tables([WeekFigures])
    db.execute_sql("CREATE INDEX submission_submitted ON submission (submitted_at) WHERE submitted_at IS NOT NULL")


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_submitted")
    db.execute_sql("DROP TABLE week_figures")
