"""An office with a long past, for the benchmarks: made in bulk, the same at any size and on either database.

``fill`` puts closed submissions of three years, those that wait on their authors, today's decisions and the open ones beside one another. All of
it is drawn from one seed: two runs measure the same office.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from peewee import Database, SqliteDatabase

from backoffice.app import create_app
from backoffice.store import tally
from backoffice.store.base import db
from backoffice.store.database import upgrade
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from config.settings import Settings
from tests.benchmarks.bulk import bare, bulk
from tests.real.postgres import Server
from tests.usecases.office import Office
from tests.web.conftest import Visitor

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PAST = timedelta(days=3 * 365)
HOUR = timedelta(hours=1)
MODERATORS = 50
AUTHORS = 500
# stems in all, a tenth, a thousandth, twenty of the submissions
EVERYWHERE, OFTEN, SELDOM, RARE = "модел", "прогноз", "сейсм", "меланом"


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are of each kind; ``rows`` is all of them. ``due`` open ones have a step of the ladder due."""

    rows: int
    open: int
    waiting: int
    today: int
    due: int = 0


SMALL = Size(1_000, 300, 60, 60)  # every tab fills a page, as the large one does
LARGE = Size(1_000_000, 50_000, 2_000, 1_000)


Parts = dict[str, Callable[[], object]]
Measured = Callable[["Filled"], Parts]


def compared(parts_of: Measured, *, rounds: int = 7) -> None:
    """Time the parts of the small office and of the large one on both databases, in turns; print JSON with the ratios of medians.

    In turns, because the machine is rarely alone: what disturbs one of the two disturbs the other.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=LARGE.rows)
    parser.add_argument("--open", type=int, default=LARGE.open)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    given = parser.parse_args()
    large = replace(LARGE, rows=given.rows, open=given.open)
    for kind in (given.only,) if given.only else ("sqlite", "postgres"):
        with office_of(SMALL, kind) as small, office_of(large, kind) as big:
            print(json.dumps({kind: in_turns(small, big, parts_of, rounds)}, indent=2, ensure_ascii=False), flush=True)


def in_turns(small: Filled, large: Filled, parts_of: Measured, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each part in either office, and the ratio; the same of processor time (``worked``), which a busy machine changes less."""
    sides = []
    for filled in (small, large):
        filled.step_in()
        sides.append((filled, parts_of(filled)))
    told = {}
    for name in sides[0][1]:
        spent: list[list[tuple[float, float]]] = [[], []]
        for turn in range(rounds + 1):
            for side, (filled, parts) in enumerate(sides):
                filled.step_in()
                before = filled.worked()
                took = timed(parts[name])
                if turn:  # the first warms up
                    spent[side].append((took, 1_000 * (filled.worked() - before)))
        told[name] = {}
        for place, kind in enumerate(("", "cpu_")):
            few, many = (statistics.median(times[place] for times in side) for side in spent)
            found = {"small_ms": round(few, 2), "large_ms": round(many, 2), "ratio": round(many / max(few, 0.01), 2)}
            told[name] |= {f"{kind}{key}": value for key, value in found.items()}
    return told


@dataclass(slots=True)
class Filled:
    """An office in its database, with the whole product before it."""

    url: str
    size: Size
    office: Office
    application: Flask

    def step_in(self) -> None:
        """Bind the models to this database."""
        database = self.application.extensions["wiring"].database
        db.initialize(database)
        database.connect(reuse_if_open=True)

    def worked(self) -> float:
        """Seconds of processor time of this process, and on PostgreSQL of the server's process that answers it."""
        database = self.application.extensions["wiring"].database
        if isinstance(database, SqliteDatabase):
            return time.process_time()
        answering = Path(f"/proc/{database.connection().info.backend_pid}/schedstat")
        return time.process_time() + int(answering.read_text().split()[0]) / 1e9

    def visitor(self, person: Person) -> Visitor:
        """A signed-in browser."""
        signed_in: Visitor = self.application.test_client().sign_in(person)  # type: ignore[attr-defined]
        return signed_in


@contextmanager
def office_of(size: Size, kind: str) -> Iterator[Filled]:
    """A filled office that goes away afterwards. The product's clock stands still at ``NOW``."""
    with somewhere(postgres=kind == "postgres") as url, tempfile.TemporaryDirectory() as var:
        application = create_app(Settings(var=Path(var), database_url=url))
        application.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        application.test_client_class = Visitor
        database = application.extensions["wiring"].database
        upgrade(database)
        database.connect(reuse_if_open=True)
        office = fill(database, size)
        stand_still()
        yield Filled(url, size, office, application)
        database.close()
        if hasattr(database, "close_all"):
            database.close_all()


def stand_still() -> None:
    """Every page that reads the time reads ``NOW``."""
    for name, module in list(sys.modules.items()):
        if name.startswith("backoffice.web") and hasattr(module, "utcnow"):
            module.__dict__["utcnow"] = lambda: NOW


def timed(work: Callable[[], object], times: int = 1) -> float:
    """The median in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return round(statistics.median(spent) * 1_000, 3)


@contextmanager
def somewhere(*, postgres: bool, durable: bool = False) -> Iterator[str]:
    """The URL of an empty database that goes away afterwards. ``durable``: PostgreSQL's commits wait for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        if not postgres:
            yield f"sqlite:///{folder}/bench.db"
            return
        path = Path(tempfile.mkdtemp(prefix="mlp-pg-", dir=folder))
        Path(folder).chmod(0o755)
        server = Server(path)
        server.start(durable=durable)
        try:
            server.sql("CREATE DATABASE bench")
            server.sql("ALTER DATABASE bench SET max_parallel_workers_per_gather = 0")  # one process to ask what it worked
            yield server.url("bench")
        finally:
            server.stop()


def fill(database: Database, size: Size) -> Office:
    """Everything of that size; Вера has a page of her own."""
    office = Office()
    with database.atomic(), bare(database):
        crowd = _people(database, office)
        bulk(database, "listing", ("id", "owner_id", "title", "created_at"), _listings(size, crowd))
        bulk(database, "submission", COLUMNS, (_row(n, size, crowd) for n in range(1, size.rows + 1)))
        decided = ("submission_id", "moderator_id", "kind", "made_at", "artifacts", "checks", "message", "checklist")
        bulk(database, "decision", decided, _decisions(size, crowd))
        bulk(database, "submission_value", ("submission_id", "value_id"), _values(size, _dictionaries()))
        bulk(database, "escalation_step", ("submission_id", "step", "fired_at", "skipped"), _steps(size))
        bulk(database, "submission_search", ("rowid", "stems"), _words(size))
        current = f"SELECT rowid, stems FROM submission_search WHERE rowid > {_closed(size) - size.today}"
        database.execute_sql(f"INSERT INTO current_search (rowid, stems) {current}")
        if not isinstance(database, SqliteDatabase):
            for table in ("listing", "submission"):
                database.execute_sql(f"SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))")
    tally.fold()
    database.execute_sql("ANALYZE" if isinstance(database, SqliteDatabase) else "VACUUM ANALYZE")
    if isinstance(database, SqliteDatabase):
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # the filling is not what is measured
    return office


@dataclass(frozen=True, slots=True)
class _Crowd:
    vera: int
    moderators: Sequence[int]
    authors: Sequence[int]


def _people(database: Database, office: Office) -> _Crowd:
    moderators = [office.vera.id, office.gleb.id]
    moderators += [office.person(f"Модератор {n}", "moderator").id for n in range(MODERATORS - 2)]
    first = Person.select().count() + 1_000
    columns = ("id", "email", "name", "team", "active", "fs_uniquifier", "created_at", "language", "preferences", "skills")
    rest = ("weekly_shifts", "away", "capacity")
    people = (
        (
            first + n,
            f"author{n}@x.example",
            f"Автор {n}",
            "",
            True,
            f"author-{n}",
            _text(NOW - PAST),
            "ru",
            "{}",
            "[]",
            "[]",
            "[]",
            20,
        )
        for n in range(AUTHORS)
    )
    bulk(database, "person", (*columns, *rest), people)
    return _Crowd(office.vera.id, moderators, range(first, first + AUTHORS))


COLUMNS = (
    *("id", "listing_id", "author_id", "number", "title", "state", "priority", "worst_finding", "infected", "on_hold"),
    *("created_at", "updated_at", "submitted_at", "first_look_at", "decided_at", "answered_at", "deadline_at", "next_step_at"),
    *("assignee_id", "claimant_id", "claimed_at", "claim_expires_at", "budget_seconds"),
    *(
        "revision",
        "description",
        "characteristics",
        "requirements",
        "deadline_provisional",
        "calendar_version",
        "deadline_override",
    ),
)


def _closed(size: Size) -> int:
    return size.rows - size.open - size.waiting


def _listing_of(number: int, size: Size) -> int:
    """Closed ones come in pairs: returned, then published."""
    closed = _closed(size)
    return (number + 1) // 2 if number <= closed else (closed + 1) // 2 + number - closed


def _author_of(number: int, size: Size, crowd: _Crowd) -> int:
    return crowd.authors[_listing_of(number, size) * 7919 % len(crowd.authors)]


def _listings(size: Size, crowd: _Crowd) -> Iterator[tuple[Any, ...]]:
    seen = 0
    for number in range(1, size.rows + 1):
        if (listing := _listing_of(number, size)) != seen:
            seen = listing
            yield (listing, _author_of(number, size, crowd), f"Модель {listing}", _text(NOW - PAST))


def _row(number: int, size: Size, crowd: _Crowd) -> tuple[Any, ...]:
    closed = _closed(size)
    head = (number, _listing_of(number, size), _author_of(number, size, crowd))
    title = f"Модель {number}"
    tail = (259_200, 0, f"Описание модели {number}", "", "", False, "", False)
    if number > closed + size.waiting:
        return (*head, 1, title, *_open_row(number - closed - size.waiting - 1, random.Random(number), size, crowd), *tail)
    submitted, decided = _times(number, size)
    waiting = number > closed
    again = not waiting and number % 2 == 0
    state = "published" if again else "returned"
    found = "pass" if number % 3 else "warn"
    answered = None if again or waiting else decided + 20 * HOUR
    times = (submitted, submitted, submitted, submitted + 9 * HOUR, decided, answered, submitted + 72 * HOUR, None)
    return (*head, 2 if again else 1, title, state, 0, found, False, False, *map(_text, times), None, None, None, None, *tail)


def _times(number: int, size: Size) -> tuple[datetime, datetime]:
    """Submitted and decided. The last closed ones were decided today, those before them evenly over the past."""
    closed = _closed(size)
    if number > closed:
        decided = NOW - timedelta(days=2) - timedelta(days=20) * ((number - closed) / size.waiting)
    elif number > closed - size.today:
        decided = NOW - 8 * HOUR * ((closed - number + 1) / size.today)
    else:
        decided = NOW - timedelta(days=1) - PAST * ((closed - size.today - number) / (closed - size.today))
    return decided - 40 * HOUR, decided


def _open_row(place: int, chance: random.Random, size: Size, crowd: _Crowd) -> tuple[Any, ...]:
    """From the state to the claim's end. The deadlines lie between four hours ago and 68 hours ahead."""
    stepping = place < size.due
    submitted = NOW - (timedelta(days=2) + HOUR * chance.random() if stepping else timedelta(hours=chance.uniform(4, 76)))
    checking = not stepping and place % (5 if size.open < 1_000 else 10) == 4
    held = not stepping and chance.random() < 0.005
    due = None if held else submitted + 72 * HOUR
    step = None if held else NOW - HOUR / 60 if stepping else NOW + HOUR * chance.uniform(1, 30)
    given = crowd.vera if place < 75 or stepping else chance.choice(crowd.moderators) if chance.random() < 0.4 else None
    assignee = None if checking else given
    claimed = not checking and place % (size.open // 60) == 1
    claimant = chance.choice(crowd.moderators) if claimed else None
    since = NOW - HOUR / 12 if claimed else None
    until = NOW + HOUR / 6 if claimed else None
    found = chance.choices(("pass", "warn", "reject", "error"), (70, 20, 7, 3))[0]
    marks = (int(chance.random() < 0.02), "" if checking else found, chance.random() < 0.01, held)
    times = (submitted, submitted, submitted, since, None, None, due, step)
    return (
        "checking" if checking else "awaiting_review",
        *marks,
        *map(_text, times),
        assignee,
        claimant,
        _text(since),
        _text(until),
    )


def _decisions(size: Size, crowd: _Crowd) -> Iterator[tuple[Any, ...]]:
    closed = _closed(size)
    for number in range(1, closed + size.waiting + 1):
        kind = "publish" if number <= closed and number % 2 == 0 else "return"
        moderator = crowd.moderators[number * 31 % len(crowd.moderators)]
        yield (number, moderator, kind, _text(_times(number, size)[1]), "{}", "{}", "", "{}")


def _dictionaries() -> list[list[int]]:
    """Read before anything is copied: a connection in the middle of COPY answers nothing else."""
    return [
        [row.id for row in DictionaryValue.select().where(DictionaryValue.kind == kind)]
        for kind in ("industry", "technology", "effect")
    ]


def _values(size: Size, kinds: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    for number in range(1, size.rows + 1):
        for place, values in enumerate(kinds):
            yield (number, values[(number * (2 * place + 3) + number // 7) % len(values)])


def _steps(size: Size) -> Iterator[tuple[Any, ...]]:
    first = size.rows - size.open + 1
    return ((number, 50, _text(NOW - HOUR), 0) for number in range(first, size.rows + 1, 10))


def _words(size: Size) -> Iterator[tuple[int, str]]:
    """Twenty-five stems each, as a natural text has them: a few in every second one, thousands in very few."""
    chance = random.Random(5)
    vocabulary = [f"слов{n}" for n in range(20_000)]
    weights = list(_running(1 / (n + 1) for n in range(len(vocabulary))))
    rare = {int(size.rows * (n + 0.5) / 20) for n in range(20)}
    for number in range(1, size.rows + 1):
        words = [EVERYWHERE, *chance.choices(vocabulary, cum_weights=weights, k=25)]
        words += [word for word, share in ((OFTEN, 0.1), (SELDOM, 0.001)) if chance.random() < share]
        words += [RARE] if number in rare else []
        yield (number, " ".join(words))


def _running(values: Iterable[float]) -> Iterator[float]:
    total = 0.0
    for value in values:
        total += value
        yield total


def _text(at: datetime | None) -> str | None:
    return at and at.isoformat(" ", "microseconds")
