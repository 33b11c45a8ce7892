"""How many claims a second 64 moderators make who press «Взять следующую» at once, beside the bare statement that such a claim is.

    python -m tests.benchmarks.claims [--only sqlite|postgres]

Each presses ten times; 2,500 wait. The ratio tells what the product adds: the conflict of interest, skips, the audit row, the objects.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from peewee import Database, SqliteDatabase

from backoffice.store.base import db
from backoffice.store.database import open_database
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.usecases import claim
from tests.benchmarks.million import NOW, Size, office_of

CLAIMERS, TIMES = 64, 10
WAITING = Size(3_000, 2_500, 60, 60)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    given = parser.parse_args()
    for kind in (given.only,) if given.only else ("sqlite", "postgres"):
        with office_of(WAITING, kind) as filled:
            print(json.dumps({kind: compared(filled.url)}), flush=True)


def compared(url: str) -> dict[str, float]:
    """Claims a second, bare and ours."""
    database = open_database(url, connections=CLAIMERS + 4)
    with database.connection_context():
        person = Person.get(Person.name == "Модератор 1")
        bare = rate(database, _bare(database, person))
        ours = rate(database, lambda: claim.take_next(person=person, now=NOW))
    if hasattr(database, "close_all"):
        database.close_all()
    return {"bare_per_second": bare, "ours_per_second": ours, "ratio": round(ours / bare, 2)}


def rate(database: Database, take: Callable[[], object]) -> int:
    """Claims a second; each submission was taken once, and as many as were pressed for."""
    Submission.update(**claim.NO_CLAIM, assignee=None, on_hold=False).execute()
    start = threading.Barrier(CLAIMERS + 1)

    def press() -> None:
        with database.connection_context():
            start.wait()
            for _ in range(TIMES):
                take()

    threads = [threading.Thread(target=press) for _ in range(CLAIMERS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    taken = Submission.select().where(Submission.claimant.is_null(False)).count()
    if taken != CLAIMERS * TIMES:
        raise AssertionError(f"{taken} taken, {CLAIMERS * TIMES} pressed for")
    return round(taken / spent)


def _bare(database: Database, person: Person) -> Callable[[], object]:
    sqlite = isinstance(database, SqliteDatabase)
    mark, far = ("?", "'9999-12-31 00:00:00.000000+00:00'") if sqlite else ("%s", "TIMESTAMPTZ '9999-12-31 00:00:00+00'")
    statement = (
        f"UPDATE submission SET claimant_id = {mark}, claimed_at = {mark}, claim_expires_at = {mark} WHERE id = (SELECT id FROM submission "
        "WHERE state = 'awaiting_review' AND assignee_id IS NULL AND claimant_id IS NULL "
        f"ORDER BY priority DESC, COALESCE(deadline_at, {far}), id LIMIT 1{'' if sqlite else ' FOR UPDATE SKIP LOCKED'}) RETURNING id"
    )
    text = Submission.claimed_at.db_value
    values = (person.id, text(NOW), text(NOW + timedelta(minutes=15)))

    def take() -> None:
        with db.atomic():
            db.execute_sql(statement, values).fetchall()

    return take


if __name__ == "__main__":
    main()
