"""People and submissions of a moderation office, made in one line, for tests of deadlines and the lead's desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.store.listings import Listing, Submission
from backoffice.store.people import Person
from backoffice.usecases.people import set_roles
from backoffice.usecases.policy_clock import columns, policy_clock, timing

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """«2026-11-23 12:00» in Moscow."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


MONDAY = at("2026-11-23 12:00")


class Office:
    """Лида leads, Вера and Глеб moderate, Анна writes models, Захар is the administrator."""

    def __init__(self) -> None:
        self.lida, self.vera, self.gleb, self.anna, self.zahar = (
            self.person(name, role)
            for name, role in (
                ("Лида", "lead"),
                ("Вера", "moderator"),
                ("Глеб", "moderator"),
                ("Анна", "author"),
                ("Захар", "admin"),
            )
        )

    def person(self, name: str, role: str, **fields: Any) -> Person:
        person: Person = Person.create(name=name, email=f"{name}{Person.select().count()}@x.example", created_at=MONDAY, **fields)
        set_roles(person, [role], now=MONDAY)
        return person

    def submission(self, title: str = "Модель", *, submitted_at: datetime = MONDAY, **fields: Any) -> Submission:
        """One under moderation, with its times as ``submit`` would write them."""
        author = fields.pop("author", self.anna)
        listing = fields.pop("listing", None) or Listing.create(owner=author, title=title, created_at=submitted_at)
        row: Submission = Submission(
            listing=listing,
            author=author,
            title=title,
            created_at=submitted_at,
            updated_at=submitted_at,
            submitted_at=submitted_at,
        )
        clock, policy = policy_clock()
        values = {
            "state": "awaiting_review",
            "budget_seconds": 72 * 3_600,
            **columns(clock, policy, timing(row, policy, holds=())),
        }
        for name, value in {**values, **fields}.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        return row


def again(submission: Submission) -> Submission:
    """The row as it stands in the database now."""
    found: Submission = Submission.get_by_id(submission.id)
    return found
