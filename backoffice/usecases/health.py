"""Whether the product works, part by part; the words are for staff, the JSON for monitoring."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from peewee import PeeweeException

from backoffice.domain.sentences import spoken
from backoffice.inspection import antivirus
from backoffice.store import kept, outbox
from backoffice.store.base import db
from backoffice.wiring import Wiring

LOW = 0.1  # of the disk of the sandbox's engine; less free than that is an alarm
SANDBOX = "mlplace-health:sandbox"  # a key of Redis, outside the broker's own: how its engine was when its worker last looked
FRESH = 1_500  # seconds that this stands for: the worker looks every ten minutes
SILENT = timedelta(minutes=5)  # the scheduler's jobs leave word each minute
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
        return {"alive": self.alive, "parts": [{**asdict(part), "detail": spoken(part.detail, "en")} for part in self.parts]}


def report(wiring: Wiring, *, now: datetime) -> Health:
    """Look at every part once, with short time-outs."""
    parts = [
        _database(),
        _queue(wiring),
        _outbox(now),
        _scheduler(now),
        _dead_letters(),
        antivirus_state(wiring),
        _sandbox(wiring),
    ]
    return Health([*parts, *_calendar(wiring, now)])


def _database() -> Part:
    try:
        db.execute_sql("SELECT 1")
    except PeeweeException as error:
        return Part("database", "down", "no_answer", type(error).__name__, vital=True)
    return Part("database", "ok", vital=True)


def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)


def _queue(wiring: Wiring) -> Part:
    try:
        with _redis(wiring.settings.redis_url) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return Part("queue", "down", "no_answer", type(error).__name__)
    return Part("queue", "ok")


def _outbox(now: datetime) -> Part:
    late = outbox.Job.select().where(outbox.Job.finished_at.is_null() & (outbox.Job.due_at < now - LATE)).count()
    return Part("outbox", "warning", "late_jobs", str(late)) if late else Part("outbox", "ok")


def note_scheduler(now: datetime) -> None:
    """Leave word that what runs by the clock does run."""
    kept.keep("scheduler", "", {}, now=now)


def _scheduler(now: datetime) -> Part:
    """Without it deadlines pass unnoticed, and figures that are kept grow old."""
    heard = kept.read("scheduler", "")
    if heard is None:
        return Part("scheduler", "warning", "never_ran")
    if heard.made_at < now - SILENT:
        return Part("scheduler", "warning", "silent", f"{heard.made_at:%Y-%m-%d %H:%M} UTC")
    return Part("scheduler", "ok")


def _dead_letters() -> Part:
    dead = outbox.Job.select().where(outbox.Job.outcome == "dead").count()
    return Part("dead_letters", "warning", "dead_jobs", str(dead)) if dead else Part("dead_letters", "ok")


def note_sandbox(redis_url: str, free: float | None) -> None:
    """Leave word for ``report``, which cannot reach the engine: how much of its disk is free, from 0 to 1; None when there is no engine."""
    with suppress(redis.RedisError, OSError), _redis(redis_url) as client:
        client.set(SANDBOX, "" if free is None else f"{free:.3f}", ex=FRESH)


def _sandbox(wiring: Wiring) -> Part:
    """Whether Docker configs are tried at all, and whether there will be room tomorrow (M6)."""
    try:
        with _redis(wiring.settings.redis_url) as client:
            told = client.get(SANDBOX)
    except (redis.RedisError, OSError) as error:
        return Part("sandbox", "warning", "no_answer", type(error).__name__)
    if not told:
        return Part("sandbox", "warning", "no_engine" if told is not None else "no_worker")
    free = float(told)
    shown = f"{free * 100:.0f}\N{NO-BREAK SPACE}%"
    return Part("sandbox", "warning", "disk_low", shown) if free < LOW else Part("sandbox", "ok", "disk_free", shown)


def antivirus_state(wiring: Wiring) -> Part:
    """clamd answers, and with a real database: the bundled signatures protect nobody."""
    try:
        version, _built_at, bundled_only = antivirus.protection(wiring.settings.clamd_address)
    except antivirus.Unscanned as error:
        return Part("antivirus", "down", "no_answer", error.reason)
    if bundled_only:
        return Part("antivirus", "warning", "bundled_signatures", version)
    return Part("antivirus", "ok", detail=version)


def _calendar(wiring: Wiring, now: datetime) -> list[Part]:
    missing = wiring.calendar_gap(now)
    return [Part("calendar", "warning", "year_missing", str(missing))] if missing else [Part("calendar", "ok")]
