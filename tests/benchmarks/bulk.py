"""Many rows put into a database at once, for the benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from peewee import Database, SqliteDatabase

# Of the large tables, by name: all but those that hold something unique.
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT LIKE 'CREATE UNIQUE%' "
    "AND tbl_name IN ('listing', 'submission', 'decision', 'submission_value', 'escalation_step')",
    "postgres": "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef NOT LIKE 'CREATE UNIQUE%%' "
    "AND tablename IN ('listing', 'submission', 'decision', 'submission_value', 'escalation_step', 'submission_search', 'current_search')",
}


@contextmanager
def bare(database: Database) -> Iterator[None]:
    """Without the tally's triggers and without indexes that only help to find: made at once over all rows, they take a tenth of the time."""
    tally_migration = import_module("backoffice.store.migrations.0040_tally")
    tally_migration.down(None, database)
    kept = INDEXES["sqlite" if isinstance(database, SqliteDatabase) else "postgres"]
    indexes = database.execute_sql(kept).fetchall()
    for name, _ in indexes:
        database.execute_sql(f'DROP INDEX "{name}"')
    yield
    for _, statement in indexes:
        database.execute_sql(statement)
    tally_migration.up(None, database)


def bulk(database: Database, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The fastest way in: executemany on SQLite, COPY on PostgreSQL."""
    names = ", ".join(f'"{name}"' for name in columns)
    if isinstance(database, SqliteDatabase):
        marks = ", ".join("?" * len(columns))
        database.connection().executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    with database.connection().cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
