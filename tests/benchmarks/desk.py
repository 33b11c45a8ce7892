"""What each part of the lead's desk costs with a thousand submissions and with a million, the same number of them open.

    python -m tests.benchmarks.desk [--small 1000] [--large 1000000] [--open 300] [--postgres]

The past reaches back three years in either case; weeks that are over have been counted once before, as the morning job does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import Database

from backoffice.store import reports
from backoffice.store.database import open_database, upgrade
from backoffice.store.listings import Listing, Submission
from backoffice.store.moderation import Decision
from backoffice.usecases import history, outlook, team
from backoffice.usecases.digest import moment
from tests.benchmarks.sweep import somewhere, timed
from tests.usecases.office import Office

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PAST = timedelta(days=3 * 365)


def fill(office: Office, rows: int, open_: int) -> None:
    """Two rounds a listing: returned, then published; evenly over three years. The newest are open."""
    closed = rows - open_
    listings = range(1, closed // 2 + open_ + 1)
    Listing.delete().execute()
    for part in _parts(listings):
        Listing.insert_many(
            [(n, office.anna, "Модель", NOW) for n in part], fields=[Listing.id, Listing.owner, Listing.title, Listing.created_at]
        ).execute()
    names = [
        "id",
        "listing",
        "author",
        "number",
        "title",
        "state",
        "created_at",
        "updated_at",
        "submitted_at",
        "first_look_at",
        "decided_at",
    ]
    names += ["answered_at", "budget_seconds", "deadline_at", "assignee"]
    for part in _parts(range(1, rows + 1)):
        made = [_row(n, closed, office) for n in part]
        Submission.insert_many(made, fields=[getattr(Submission, name) for name in names]).execute()
        decided = [
            (row[0], office.vera, "return" if row[5] == "returned" else "publish", row[10], {}, {}) for row in made if row[10]
        ]
        fields = [Decision.submission, Decision.moderator, Decision.kind, Decision.made_at, Decision.artifacts, Decision.checks]
        if decided:
            Decision.insert_many(decided, fields=fields).execute()


def _row(number: int, closed: int, office: Office) -> tuple[Any, ...]:
    if number > closed:
        since = NOW - timedelta(hours=60) * ((number - closed) % 300) / 300
        listing = closed // 2 + number - closed
        times = (since, since, since, None, None, None, 259_200, since + timedelta(days=3))
        return (number, listing, office.anna, 1, "Модель", "awaiting_review", *times, office.vera if number % 2 else None)
    since = NOW - PAST * ((closed - number + 1) / closed) - timedelta(days=4)
    done = since + timedelta(hours=40)
    listing, again = (number + 1) // 2, number % 2 == 0
    state = "published" if again else "returned"
    times = (since, done, since, since + timedelta(hours=9), done, None if again else done, 259_200, since + timedelta(days=3))
    return (number, listing, office.anna, 2 if again else 1, "Модель", state, *times, None)


def _parts(numbers: range) -> list[range]:
    return [numbers[start : start + 2_000] for start in range(0, len(numbers), 2_000)]


def measured(database: Database, rows: int, open_: int) -> dict[str, float]:
    """Milliseconds of each part."""
    office = Office()
    with database.atomic():
        fill(office, rows, open_)
    database.execute_sql("ANALYZE")
    history.weeks(26, now=NOW)
    at = moment(NOW)
    parts: dict[str, Callable[[], object]] = {
        "figures": lambda: reports.figures(at),
        "list_of_overdue": lambda: list(reports.rows("overdue", at).limit(50)),
        "list_of_authors": lambda: list(reports.rows("authors", at).limit(50)),
        "weeks": lambda: history.weeks(26, now=NOW),
        "loads": lambda: team.loads(now=NOW),
        "spread_preview": lambda: team.preview(now=NOW),
        "forecast": lambda: outlook.outlook(now=NOW),
    }
    return {name: timed(work, 7) for name, work in parts.items()}


def main() -> None:
    """Measure both sizes, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=300)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    found = []
    for rows in (given.small, given.large):
        with somewhere(postgres=given.postgres) as url:
            database = open_database(url)
            upgrade(database)
            with database.connection_context():
                found.append(measured(database, rows, given.open))
    small, large = found
    print(
        json.dumps(
            {
                name: {"small_ms": small[name], "large_ms": large[name], "ratio": round(large[name] / small[name], 2)}
                for name in small
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
