"""Weeks that are over, counted once: the lead's history does not grow slower with the years."""

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


def down(migrator, db):
    db.execute_sql("DROP TABLE week_figures")
