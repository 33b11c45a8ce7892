"""What a person of the staff keeps for themselves: how dense lists are, and views of the queue under a name (M3)."""

from __future__ import annotations

from datetime import datetime

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
        fresh = Person.get_by_id(person.id)
        fresh.preferences = {**fresh.preferences, "density": density}
        fresh.save(only=[Person.preferences])


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
