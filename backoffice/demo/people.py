"""Puts the people of the demo into the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from backoffice.demo.players import PASSWORD, PLAYERS
from backoffice.store.people import Person
from backoffice.usecases import people


def load(hashed: Callable[[str], str], *, now: datetime) -> dict[str, Person]:
    """Everybody, by key; those who are there already are left as they are."""
    secret = hashed(PASSWORD)  # once for all: hashing is slow on purpose, and this password is no secret
    found = {}
    for player in PLAYERS:
        found[player.key] = Person.get_or_none(Person.email == player.email) or people.add(
            email=player.email,
            name=player.name,
            password_hash=secret,
            roles=player.roles,
            team=player.team,
            now=now,
        )
    return found
