"""What each tab of the queue costs with few and with many submissions: its rows, and the numbers of all tabs.

python -m tests.benchmarks.queue [--small 1000] [--large 1000000] [--open 300] [--large-open 300] [--postgres]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import timedelta

from peewee import Database

from backoffice.store import queues
from backoffice.store.database import open_database, upgrade
from backoffice.store.queues import TABS, Filters, Watch
from tests.benchmarks.desk import NOW, fill
from tests.benchmarks.sweep import somewhere, timed
from tests.usecases.office import Office


def measured(database: Database, rows: int, open_: int) -> dict[str, float]:
    """Milliseconds of each part, the median of seven."""
    office = Office()
    with database.atomic():
        fill(office, rows, open_)
    database.execute_sql("ANALYZE")
    day = timedelta(days=1)
    seen = Watch(person=office.vera, now=NOW, today=NOW - day / 2, tomorrow=NOW + day / 2, horizon=NOW + 2 * day)
    parts: dict[str, Callable[[], object]] = {tab: lambda tab=tab: queues.page(tab, seen, Filters()) for tab in TABS}
    parts["numbers"] = lambda: queues.counts(seen, Filters())
    return {name: timed(work, 7) for name, work in parts.items()}


def main() -> None:
    """Measure both sizes, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=300)
    parser.add_argument("--large-open", type=int, default=300)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    found = []
    for rows, open_ in ((given.small, given.open), (given.large, given.large_open)):
        with somewhere(postgres=given.postgres) as url:
            database = open_database(url)
            upgrade(database)
            with database.connection_context():
                found.append(measured(database, rows, open_))
    small, large = found
    told = {
        name: {"small_ms": small[name], "large_ms": large[name], "ratio": round(large[name] / small[name], 2)} for name in small
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
