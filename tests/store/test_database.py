"""SQLite under many writers: connections that are kept, a lock that is waited for, a journal that is copied back by the schedule."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database, OperationalError

from backoffice.store import database as module
from backoffice.store.database import checkpoint
from backoffice.store.people import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Writer(threading.Thread):
    """Begins a transaction in a thread of its own, and commits when it is told to."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self.database, self.begun, self.may_end = database, threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self.database.connection_context(), self.database.atomic():
            Role.insert(name="writer").execute()
            self.begun.set()
            self.may_end.wait(30)

    def end(self) -> None:
        self.may_end.set()
        self.join(30)


def test_a_connection_is_kept_from_one_request_to_the_next(database: Database) -> None:
    first = database.connection()
    database.close()
    database.connect()
    assert database.connection() is first


def test_a_writer_waits_for_the_one_before(database: Database) -> None:
    before = Writer(database)
    assert before.begun.wait(30)
    threading.Timer(0.05, before.end).start()
    with database.atomic():
        assert Role.select().where(Role.name == "writer").exists()


def test_a_lock_that_is_never_given_back_is_an_error(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    stuck = Writer(database)
    assert stuck.begun.wait(30)
    with pytest.raises(OperationalError, match="locked"), database.atomic():
        raise AssertionError("two wrote at once")
    stuck.end()
    assert database.execute_sql("PRAGMA busy_timeout").fetchone() == (15_000,)


def test_the_schedule_copies_the_journal_into_the_file(database: Database, tmp_path: Path) -> None:
    Role.insert(name="written").execute()
    shutil.copy(database.database, tmp_path / "before.db")
    checkpoint(database)
    shutil.copy(database.database, tmp_path / "after.db")
    assert [written(tmp_path / f"{name}.db") for name in ("before", "after")] == [0, 1]


def written(path: Path) -> int:
    """Rows that stand in this file alone, without a journal."""
    with closing(sqlite3.connect(path)) as alone:
        found: int = alone.execute("SELECT COUNT(*) FROM role WHERE name = 'written'").fetchone()[0]
    return found
