"""Opening the database by its URL, and moving its schema up and down."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from peewee import Database, OperationalError, SqliteDatabase
from playhouse.db_url import connect
from playhouse.migrations import Migration, Runner
from playhouse.pool import PooledSqliteDatabase

from backoffice.store.base import db

MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 15.0  # seconds until a locked SQLite is an error
_STEP = 0.002  # seconds between two looks at SQLite's write lock
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",
    "foreign_keys": 1,
    "busy_timeout": int(_PATIENCE * 1000),
    "cache_size": -8_000,
    "wal_autocheckpoint": 16_000,  # pages: only if the schedule's own checkpoint stays away
}
_SAMPLE = 1_000  # rows of an index
_LOCK = 0x4D4C50  # any number, the same for all of ours
log = logging.getLogger(__name__)


class _Sqlite(PooledSqliteDatabase):
    """Writers queue up at BEGIN: a deferred transaction that turns into a writer fails instead of waiting.

    Connections are kept: opening one costs as much as several statements, and whoever closes the last one copies the whole journal back.
    """

    def begin(self, lock_type: str | None = None) -> None:
        """Wait in short steps of one length. SQLite's own wait grows to 100 ms a step, so that whoever has waited longest comes last."""
        until = time.monotonic() + _PATIENCE
        self.execute_sql("PRAGMA busy_timeout = 0")
        try:
            while not self._begun(lock_type or "IMMEDIATE", last=time.monotonic() > until):
                time.sleep(_STEP)
        finally:
            self.execute_sql(f"PRAGMA busy_timeout = {_PRAGMAS['busy_timeout']}")

    def _begun(self, lock_type: str, *, last: bool) -> bool:
        try:
            super().begin(lock_type)
        except OperationalError as error:
            if last or "locked" not in str(error):
                raise
            return False
        return True

    def rollback(self) -> None:
        """On a full disk SQLite has rolled back by itself; a second ROLLBACK would fail and hide why."""
        if self.connection().in_transaction:
            super().rollback()


def open_database(url: str, *, connections: int = 20) -> Database:
    """Bind ``db`` to the database at ``url`` (sqlite:///PATH or postgresql://…); nothing connects yet."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        database: Database = _Sqlite(path, pragmas=_PRAGMAS, max_connections=None, check_same_thread=False, autoconnect=False)
        database.register_function(str.lower, "lower", 1)  # SQLite's own knows no Russian letters
    else:
        plain = url.split("://", 1)[1]
        database = connect(
            f"psycopg3+pool://{plain}", max_connections=connections, stale_timeout=300, timeout=10, autoconnect=False
        )
    db.initialize(database)
    return database


def checkpoint(database: Database) -> None:
    """Copy SQLite's journal back into its file, in nobody's way; whatever is being read stays for the next time."""
    if isinstance(database, SqliteDatabase):
        database.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")


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


def keep_statistics(database: Database) -> None:
    """Look again at how many rows there are of which kind, where the planner has to be told: PostgreSQL's autovacuum does so by itself.

    SQLite takes a sample of each index, so that it takes milliseconds, however large the table is.
    """
    if isinstance(database, SqliteDatabase):
        database.execute_sql(f"PRAGMA analysis_limit = {_SAMPLE}")
        database.execute_sql("ANALYZE")
