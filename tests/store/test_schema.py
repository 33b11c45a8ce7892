"""The schema moves up and down on both databases, and the audit log only grows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from peewee import Database, DatabaseError, SqliteDatabase
from playhouse.schema_diff import diff_models

from backoffice.domain.events import Event
from backoffice.store import audit
from backoffice.store import database as schema
from backoffice.store.audit import Audit
from backoffice.store.models import MODELS
from backoffice.store.people import Person

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    difference = diff_models(database, list(MODELS))
    assert not difference.create_tables
    assert not difference.add_columns
    assert not difference.drop_columns
    assert not difference.add_indexes


def test_down_to_nothing_and_up_again(database: Database) -> None:
    database.close()
    applied = [row.name for row in schema.status(database)]
    assert schema.downgrade(database, applied[0]) == applied[::-1]
    with database.connection_context():
        assert set(database.get_tables()) == {"schema_migration"}
    assert schema.upgrade(database) == applied
    assert schema.upgrade(database) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
def test_the_audit_log_refuses_changes(database: Database, statement: str) -> None:
    audit.record(Event.SIGNED_IN, now=NOON)
    with pytest.raises(DatabaseError, match="append-only"), database.atomic():
        database.execute_sql(statement)
    assert Audit.select().count() == 1


def test_the_planner_is_told_how_many_rows_there_are(database: Database) -> None:
    person = {"active": True, "language": "ru", "created_at": NOON}
    Person.insert_many([{**person, "email": f"{n}@x.example", "name": "Вера"} for n in range(400)]).execute()
    schema.keep_statistics(database)
    if isinstance(database, SqliteDatabase):
        told = dict(database.execute_sql("SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'person'").fetchall())
        assert told["person_email"].split() == ["400", "1"]
