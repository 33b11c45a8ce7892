"""What a person of the staff keeps for themselves: how dense lists are, which keys do what, and views of the queue under a name (M3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backoffice.domain import keys
from backoffice.domain.errors import Refused
from backoffice.store.base import db
from backoffice.store.moderation import SavedView
from backoffice.store.people import Person

DENSITIES = ("comfortable", "compact")
LONGEST_NAME = 60  # characters of a view's name


def set_density(density: str, *, person: Person) -> None:
    """How much room a row of a list takes."""
    if density not in DENSITIES:
        raise Refused("not_found")
    with db.atomic():
        _prefer(Person.get_by_id(person.id), density=density)


def move_key(act: str, key: str, *, person: Person) -> dict[str, str]:
    """Give an act of the review page another key; every act with its key. ``Refused`` with words when the key is taken or unfit."""
    with db.atomic():
        fresh = Person.get_by_id(person.id)
        own = keys.moved(fresh.preferences.get("keys", {}), act=act, key=key)
        _prefer(fresh, keys=own)
    return keys.bound(own)


def reset_keys(*, person: Person) -> dict[str, str]:
    """All keys as they were delivered."""
    with db.atomic():
        _prefer(Person.get_by_id(person.id), keys={})
    return keys.bound({})


def _prefer(person: Person, **values: Any) -> None:
    fresh: dict[str, Any] = {**person.preferences, **values}
    Person.update(preferences=fresh).where(Person.id == person.id).execute()


def save_view(name: str, query: str, *, person: Person, now: datetime) -> SavedView:
    """Keep a filter of the queue; an older one of the same name is replaced."""
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise Refused("name_needed")
    with db.atomic():
        SavedView.delete().where((SavedView.person == person) & (SavedView.name == name)).execute()
        view: SavedView = SavedView.create(person=person, name=name, query=query[:2000], created_at=now)
    return view


def drop_view(view_id: int, *, person: Person) -> None:
    """Forget one; only one's own."""
    SavedView.delete().where((SavedView.id == view_id) & (SavedView.person == person)).execute()
