"""Whether the product works, part by part; the words are for staff, the JSON for monitoring."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from peewee import PeeweeException

from backoffice.inspection import antivirus
from backoffice.store import outbox
from backoffice.store.base import db
from backoffice.wiring import Wiring

LATE = timedelta(minutes=10)  # an outbox row this long past due means that no relay or worker runs


@dataclass(frozen=True, slots=True)
class Part:
    """One part: ``state`` is ok, warning or down; ``reason`` names the words."""

    name: str
    state: str
    reason: str = ""
    detail: str = ""
    vital: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """All parts."""

    parts: list[Part]

    @property
    def alive(self) -> bool:
        """Whether every vital part works."""
        return all(part.state != "down" or not part.vital for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """For monitoring."""
        return {"alive": self.alive, "parts": [asdict(part) for part in self.parts]}


def report(wiring: Wiring, *, now: datetime) -> Health:
    """Look at every part once, with short time-outs."""
    return Health([_database(), _queue(wiring), _outbox(now), _dead_letters(), antivirus_state(wiring), *_calendar(wiring, now)])


def _database() -> Part:
    try:
        db.execute_sql("SELECT 1")
    except PeeweeException as error:
        return Part("database", "down", "no_answer", type(error).__name__, vital=True)
    return Part("database", "ok", vital=True)


def _queue(wiring: Wiring) -> Part:
    try:
        with redis.Redis.from_url(wiring.settings.redis_url, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return Part("queue", "down", "no_answer", type(error).__name__)
    return Part("queue", "ok")


def _outbox(now: datetime) -> Part:
    late = outbox.Job.select().where(outbox.Job.finished_at.is_null() & (outbox.Job.due_at < now - LATE)).count()
    return Part("outbox", "warning", "late_jobs", str(late)) if late else Part("outbox", "ok")


def _dead_letters() -> Part:
    dead = outbox.Job.select().where(outbox.Job.outcome == "dead").count()
    return Part("dead_letters", "warning", "dead_jobs", str(dead)) if dead else Part("dead_letters", "ok")


def antivirus_state(wiring: Wiring) -> Part:
    """clamd answers, and with a real database: the bundled signatures protect nobody."""
    try:
        version, _built_at, bundled_only = antivirus.protection(wiring.settings.clamd_address)
    except antivirus.Unscanned as error:
        return Part("antivirus", "down", "no_answer", str(error))
    if bundled_only:
        return Part("antivirus", "warning", "bundled_signatures", version)
    return Part("antivirus", "ok", detail=version)


def _calendar(wiring: Wiring, now: datetime) -> list[Part]:
    missing = wiring.calendar_gap(now)
    return [Part("calendar", "warning", "year_missing", str(missing))] if missing else [Part("calendar", "ok")]
