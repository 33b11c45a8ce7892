"""People ask for things and are given roles (A6, C2)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from backoffice.domain.errors import Refused
from backoffice.domain.events import Event
from backoffice.domain.permissions import STAFF
from backoffice.domain.permissions import Role as RoleName
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.listings import CatalogEntry, DictionaryRequest, FullVersionRequest
from backoffice.store.people import Person, PersonRole, Role, remember_roles
from backoffice.usecases import mail


def add(
    *,
    email: str,
    name: str,
    password_hash: str,
    roles: Collection[str],
    now: datetime,
    team: str = "",
    language: str = "ru",
    by: Person | None = None,
) -> Person:
    """A new account with its roles. ``Refused`` when the address is no address or is taken; the password arrives hashed."""
    address = email.strip().lower()
    if "@" not in address or not name.strip():
        raise Refused("contact_needed")
    with db.atomic():
        if Person.get_or_none(Person.email == address):
            raise Refused("email_taken")
        person: Person = Person.create(
            email=address,
            name=name.strip(),
            password=password_hash,
            team=team.strip(),
            language=language,
            created_at=now,
            confirmed_at=now,
        )
        set_roles(person, roles, now=now, by=by)
    return person


def set_password(person: Person, password_hash: str, *, now: datetime, by: Person | None = None) -> None:
    """A new password; everybody signed in as this person is signed out."""
    with db.atomic():
        fresh = secrets.token_hex(32)
        Person.update(password=password_hash, fs_uniquifier=fresh).where(Person.id == person.id).execute()
        audit.record(Event.PERSON_CHANGED, now=now, person=by, subject=person.id, password="changed")  # noqa: S106  (a word, not a password)


def set_roles(person: Person, names: Collection[str], *, now: datetime, by: Person | None = None) -> None:
    """Give a person exactly these roles."""
    with db.atomic():
        wanted = {RoleName(name) for name in names}
        for name in wanted:
            Role.insert(name=name).on_conflict_ignore().execute()
        PersonRole.delete().where(PersonRole.user == person).execute()
        for role in Role.select().where(Role.name.in_([str(name) for name in wanted])):
            PersonRole.create(user=person, role=role)
        audit.record(Event.PERSON_CHANGED, now=now, person=by, subject=person.id, roles=sorted(wanted))


def with_role(*names: str) -> list[Person]:
    """Active people who have one of these roles, by name, each with all of their roles: two queries."""
    rows = Person.select().join(PersonRole).join(Role).where(Role.name.in_([str(n) for n in names]) & (Person.active == True))  # noqa: E712
    people = list(rows.distinct().order_by(Person.name))
    remember_roles(people)
    return people


def named(*names: str) -> list[Person]:
    """Active people who have one of these roles, by name, for a list to choose from: only their ids and names, in one query."""
    rows = Person.select(Person.id, Person.name).join(PersonRole).join(Role)
    return list(rows.where(Role.name.in_([str(n) for n in names]) & (Person.active == True)).distinct().order_by(Person.name))  # noqa: E712


def request_value(*, person: Person, kind: str, words: str, now: datetime) -> DictionaryRequest:
    """An author asks support to add a dictionary value (A6); leads and admins are written to."""
    if kind not in ("industry", "technology", "effect"):
        raise Refused("unknown_dictionary")
    if not words.strip():
        raise Refused("words_needed")
    with db.atomic():
        request: DictionaryRequest = DictionaryRequest.create(
            person=person, kind=kind, words=words.strip()[:2000], created_at=now
        )
        audit.record(Event.VALUE_REQUESTED, now=now, person=person, request=request.id)
        for member in with_role(RoleName.LEAD, RoleName.ADMIN):
            mail.to_person(
                "value_requested",
                member,
                now=now,
                key=f"value:{request.id}:{member.id}",
                author=person,
                kind=kind,
                words=request.words,
            )
    return request


def request_full_version(
    *, listing_id: int, name: str, email: str, company: str, message: str, now: datetime
) -> FullVersionRequest:
    """A visitor asks for the full version of a published model (C2); the staff is written to."""
    entry = CatalogEntry.get_or_none((CatalogEntry.listing == listing_id) & (CatalogEntry.visible == True))  # noqa: E712
    if entry is None:
        raise Refused("not_found")
    if not name.strip() or "@" not in email:
        raise Refused("contact_needed")
    with db.atomic():
        request: FullVersionRequest = FullVersionRequest.create(
            listing=listing_id,
            name=name.strip()[:200],
            email=email.strip()[:200],
            company=company.strip()[:200],
            message=message.strip()[:4000],
            created_at=now,
        )
        audit.record(Event.FULL_VERSION_REQUESTED, now=now, request=request.id, listing=listing_id)
        for member in with_role(*STAFF):
            if member.role_names() & {RoleName.LEAD, RoleName.ADMIN}:
                mail.to_person(
                    "full_version_requested",
                    member,
                    now=now,
                    key=f"full:{request.id}:{member.id}",
                    request=request,
                    title=entry.title,
                )
    return request
