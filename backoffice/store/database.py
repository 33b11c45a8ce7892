"""Opening the database by its URL, and moving its schema up and down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from peewee import Database, SqliteDatabase
from playhouse.db_url import connect
from playhouse.migrations import Migration, Runner

from backoffice.store.base import db

MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = {"journal_mode": "wal", "synchronous": "normal", "foreign_keys": 1, "busy_timeout": 15_000, "cache_size": -32_000}
_LOCK = 0x4D4C50  # any number, the same for all of ours
log = logging.getLogger(__name__)


class _Sqlite(SqliteDatabase):
    """Writers queue up at BEGIN: a deferred transaction that turns into a writer fails instead of waiting."""

    def begin(self, lock_type: str | None = None) -> None:
        super().begin(lock_type or "IMMEDIATE")


def open_database(url: str, *, connections: int = 20) -> Database:
    """Bind ``db`` to the database at ``url`` (sqlite:///PATH or postgresql://…); nothing connects yet."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        database: Database = _Sqlite(path, pragmas=_PRAGMAS, autoconnect=False)
    else:
        plain = url.split("://", 1)[1]
        database = connect(
            f"psycopg3+pool://{plain}", max_connections=connections, stale_timeout=300, timeout=10, autoconnect=False
        )
    db.initialize(database)
    return database


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """One migration run at a time: an advisory lock on PostgreSQL, the write lock of the file on SQLite."""
    if isinstance(database, SqliteDatabase):
        yield
        return
    database.execute_sql("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def upgrade(database: Database, target: str | None = None) -> list[str]:
    """Apply what is pending, up to ``target``; the names applied."""
    with database.connection_context(), _alone(database):
        return list(Runner(database, str(MIGRATIONS)).up(target))


def downgrade(database: Database, target: str | None = None) -> list[str]:
    """Revert the last migration, or all back through ``target``; the names reverted."""
    with database.connection_context(), _alone(database):
        return list(Runner(database, str(MIGRATIONS)).down(target))


def status(database: Database) -> list[Migration]:
    """Every migration, with the time it was applied or None."""
    with database.connection_context():
        return list(Runner(database, str(MIGRATIONS)).status())
