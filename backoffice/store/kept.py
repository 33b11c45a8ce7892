"""What takes long to count and is read often: the last answer under a name, with what it was counted from and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import EXCLUDED, CharField

from backoffice.store.base import InstantField, JsonField, Row


class Kept(Row):
    """One answer. ``version`` says what it was counted from: another one makes it worthless."""

    name = CharField(unique=True, max_length=40)
    version = CharField(max_length=64)
    data = JsonField()
    made_at = InstantField()

    class Meta:
        table_name = "kept"


def read(name: str, version: str, *, since: datetime | None = None) -> Kept | None:
    """The answer when it is of this version, and not older than ``since``."""
    found: Kept | None = Kept.get_or_none(Kept.name == name, Kept.version == version)
    return found if found is None or since is None or found.made_at >= since else None


def keep(name: str, version: str, data: Any, *, now: datetime) -> None:
    """Put the answer in place of the last one. Of two that are made at once the later stays."""
    put = Kept.insert(name=name, version=version, data=data, made_at=now)
    fresh = {Kept.version: EXCLUDED.version, Kept.data: EXCLUDED.data, Kept.made_at: EXCLUDED.made_at}
    put.on_conflict(conflict_target=[Kept.name], update=fresh, where=Kept.made_at <= EXCLUDED.made_at).execute()
