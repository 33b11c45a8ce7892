"""People and their roles, in the shape Flask-Security wants."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from flask_security import RoleMixin, UserMixin
from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField, fn

from backoffice.domain.permissions import may_moderate
from backoffice.store.base import InstantField, JsonField, Row


class Role(Row, RoleMixin):
    """author, moderator, lead or admin."""

    name = CharField(unique=True)
    description = TextField(null=True)
    permissions = TextField(null=True)

    class Meta:
        table_name = "role"


class Person(Row, UserMixin):
    """Anybody who signs in. ``team`` is the organisation, for conflicts of interest; ``skills`` are dictionary value ids a moderator knows."""

    email = CharField(unique=True)
    password = CharField(null=True)
    name = CharField()
    team = CharField(default="")
    active = BooleanField(default=True)
    fs_uniquifier = CharField(unique=True, max_length=64, default=lambda: secrets.token_hex(32))
    confirmed_at = InstantField(null=True)
    created_at = InstantField()
    language = CharField(default="ru", max_length=5)
    preferences = JsonField(default=dict)  # density, theme, keys
    skills = JsonField(default=list)
    weekly_shifts = JsonField(default=list)  # [[weekday, "09:00", "18:00"], …]; empty: every business day, 09:00–18:00
    away = JsonField(default=list)  # [["2026-11-23", "2026-11-27", "отпуск"], …]
    capacity = IntegerField(default=20)  # open submissions at once, a hint for the balancer

    class Meta:
        table_name = "person"

    def get_id(self) -> str:
        """What a session names the person by: it changes when all their sessions must end. peewee's own method is not needed for rows."""
        return str(self.fs_uniquifier)

    def role_names(self) -> frozenset[str]:
        """The names of the roles, read once per object."""
        if "_role_names" not in self.__dict__:
            self.__dict__["_role_names"] = frozenset(link.role.name for link in self.roles)
        names: frozenset[str] = self.__dict__["_role_names"]
        return names

    def remember_roles(self, names: Iterable[str]) -> None:
        """Roles that were read for many people at once."""
        self.__dict__["_role_names"] = frozenset(names)

    def barred_from(self, author: Person) -> str | None:
        """Why this person may not moderate what ``author`` submits, or None (M3, M9)."""
        return may_moderate(
            roles=self.role_names(), person_id=self.id, owner_id=author.id, person_team=self.team, owner_team=author.team
        )

    @property
    def label(self) -> str:
        """Who is meant, where names alone may be several people's."""
        return f"{self.name} · {self.email}"

    def __str__(self) -> str:
        return str(self.name)


def remember_roles(people: Sequence[Person]) -> None:
    """Read the roles of many people at once."""
    names: dict[int, set[str]] = {person.id: set() for person in people}
    links = PersonRole.select(PersonRole.user, Role.name).join(Role).where(PersonRole.user.in_(list(names)))
    for who, name in links.tuples():
        names[who].add(name)
    for person in people:
        person.remember_roles(names[person.id])


def authors_named(text: str, *, most: int) -> list[Person]:
    """Authors whose name or e-mail holds the text, in any case, by name; ``NAME · E-MAIL``, as ``Person.label`` writes it, is one of them alone."""
    asked = text.rpartition(" · ")[2].strip().lower()
    author = PersonRole.select(PersonRole.user).join(Role).where(Role.name == "author")
    held = fn.LOWER(Person.name).contains(asked) | fn.LOWER(Person.email).contains(asked)
    exact = fn.LOWER(Person.email) == asked
    rows = Person.select().where(Person.id.in_(author), exact if " · " in text else held).order_by(Person.name, Person.id)
    return list(rows.limit(most))


class PersonRole(Row):
    """Who has which role. Flask-Security reads it through ``person.roles``."""

    user = ForeignKeyField(Person, backref="roles", on_delete="CASCADE")
    role = ForeignKeyField(Role, backref="people", on_delete="RESTRICT")

    name = property(lambda self: self.role.name)
    description = property(lambda self: self.role.description)

    def get_permissions(self) -> Any:
        """What Flask-Security asks of each of ``person.roles``."""
        return self.role.get_permissions()

    class Meta:
        table_name = "person_role"
        indexes = ((("user", "role"), True),)
