"""Who may do what. Roles are few and named; conflicts of interest come on top (M3, M9)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person has one or more. ``admin`` keeps the reference tables and the people; it moderates nothing by itself."""

    AUTHOR = "author"
    MODERATOR = "moderator"
    LEAD = "lead"
    ADMIN = "admin"


STAFF = (Role.MODERATOR, Role.LEAD, Role.ADMIN)


def may_moderate(*, roles: frozenset[str], person_id: int, owner_id: int, person_team: str, owner_team: str) -> str | None:
    """None when allowed; else the reason: nobody moderates a listing of their own or of their own team (organisation)."""
    if not roles & {Role.MODERATOR, Role.LEAD}:
        return "not_a_moderator"
    if person_id == owner_id:
        return "own_listing"
    if person_team and person_team == owner_team:
        return "own_team"
    return None
