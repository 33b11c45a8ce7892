"""What the sweep of the ladder costs beside the one indexed statement that selects what is due.

    python -m tests.benchmarks.sweep [--rows 1000000] [--open 50000] [--due 2000] [--postgres]

Prints JSON: the statement, the sweep while nothing is due, the sweep that fires, all in milliseconds; and the recomputation of every open deadline.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from backoffice.store.database import open_database, upgrade
from backoffice.store.listings import Listing, Submission
from backoffice.store.moderation import EscalationStep
from backoffice.usecases import escalate
from backoffice.usecases.policy_clock import change_day
from backoffice.usecases.recompute import recompute
from tests.real.postgres import Server
from tests.usecases.office import Office

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@contextmanager
def somewhere(*, postgres: bool) -> Iterator[str]:
    """The URL of an empty database that goes away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if not postgres:
            yield f"sqlite:///{folder}/sweep.db"
            return
        path = Path(tempfile.mkdtemp(prefix="mlp-pg-", dir=folder))
        Path(folder).chmod(0o755)
        server = Server(path)
        server.start()
        try:
            server.sql("CREATE DATABASE sweep")
            yield server.url("sweep")
        finally:
            server.stop()


def fill(office: Office, rows: int, open_: int, due: int) -> None:
    """Closed ones, and open ones whose next step is due (``due``) or not."""
    listing = Listing.create(owner=office.anna, title="Модель", created_at=NOW)
    columns = ["listing", "author", "number", "state", "created_at", "updated_at", "submitted_at", "decided_at", "budget_seconds"]
    columns += ["deadline_at", "next_step_at", "assignee", "calendar_version", "title"]
    fields = [getattr(Submission, name) for name in columns]
    sample = office.submission(submitted_at=NOW - timedelta(days=1))

    def row(number: int) -> tuple[Any, ...]:
        is_open, is_due = number < open_, number < due
        since = NOW - (timedelta(days=2) if is_due else timedelta(hours=3)) - timedelta(seconds=number % 3_600)
        state = "awaiting_review" if is_open else "published"
        step = (NOW - timedelta(minutes=1) if is_due else NOW + timedelta(hours=9)) if is_open else None
        decided = None if is_open else since + timedelta(hours=5)
        fixed = (listing, office.anna, number + 2, state, since, since, since, decided, 259_200)
        return (*fixed, since + timedelta(days=3), step, office.vera, sample.calendar_version, "Модель")

    for start in range(0, rows, 2_000):
        Submission.insert_many([row(n) for n in range(start, min(start + 2_000, rows))], fields=fields).execute()


def timed(work: Callable[[], object], times: int = 1) -> float:
    """The median in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return round(statistics.median(spent) * 1_000, 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=50_000)
    parser.add_argument("--due", type=int, default=2_000)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with somewhere(postgres=given.postgres) as url:
        database = open_database(url)
        upgrade(database)
        with database.connection_context():
            office = Office()
            with database.atomic():
                fill(office, given.rows, given.open, given.due)
            database.execute_sql("ANALYZE")
            if not given.postgres:
                database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # the filling is not what is measured
            before = NOW - timedelta(days=30)  # a moment at which nothing is due
            report = {
                "rows": given.rows,
                "open": given.open,
                "statement_nothing_due_ms": timed(lambda: escalate.due(now=before), 200),
                "sweep_nothing_due_ms": timed(lambda: escalate.sweep(now=before), 200),
                "statement_all_due_ms": timed(lambda: escalate.due(now=NOW, limit=given.due), 20),
                "sweep_fires_ms": timed(lambda: escalate.sweep(now=NOW)),
            }
            report["fired"] = EscalationStep.select().where(EscalationStep.skipped == 0).count()
            report["ratio_nothing_due"] = round(report["sweep_nothing_due_ms"] / report["statement_nothing_due_ms"], 2)
            report["fire_one_ms"] = round(report["sweep_fires_ms"] / max(report["fired"], 1), 2)
            change_day(date(2026, 11, 27), "off", reason="Замер", by=office.zahar, now=NOW)
            report["recompute_ms"] = timed(lambda: recompute(now=NOW))
            print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
