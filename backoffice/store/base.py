"""The database behind a proxy, and the three column kinds that peewee lacks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from peewee import AutoField, CharField, Database, DatabaseProxy, Field, Model, Select, TextField

db = DatabaseProxy()
LAST_ID = 2**31 - 1  # a larger one fits no column: nobody has it


class InstantField(Field):
    """An aware instant in UTC. PostgreSQL: timestamptz. SQLite: text of one fixed width, so that comparing texts compares instants."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | None) -> str | None:
        """Refuses naive datetimes: they are a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime for {self.name}")
        return value.astimezone(UTC).isoformat(" ", "microseconds")

    def python_value(self, value: str | datetime | None) -> datetime | None:
        """Always aware, always UTC."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return value and value.astimezone(UTC)


class JsonField(TextField):
    """A JSON value as text: the same on both databases, never queried into."""

    def db_value(self, value: Any) -> str | None:
        """Sorted keys, so that equal values are equal texts."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def python_value(self, value: str | None) -> Any:
        """The value again."""
        return None if value is None else json.loads(value)


class WordField(CharField):
    """A word out of an enumeration, kept as plain text."""

    def db_value(self, value: Any) -> str | None:
        """The value of a StrEnum member, or the text itself."""
        return None if value is None else str(value)


class Row(Model):
    """Every table's parent."""

    id = AutoField()

    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True


def locked(rows: Select) -> Select:
    """The rows as they are now, whatever was read before, and stay until this transaction ends. On SQLite a writer is alone anyway."""
    database: Database = db.obj
    if not database.for_update:
        return rows.clone()  # a query keeps what it has read
    return rows.for_update("FOR NO KEY UPDATE")  # rows that refer to them may be added meanwhile


def insert_all(
    model: type[Row], rows: Sequence[dict[str, Any]], *, ignore: bool = False, returning: Sequence[Field] = ()
) -> list[Any]:
    """Many rows in few statements, within SQLite's limit of variables. ``ignore`` leaves out what is there already; what was put is returned."""
    found: list[Any] = []
    for start in range(0, len(rows), 500):
        query = model.insert_many(rows[start : start + 500])
        query = query.on_conflict_ignore() if ignore else query
        done = (query.returning(*returning) if returning else query).execute()
        found += done if returning else []
    return found
