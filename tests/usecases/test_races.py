"""Sixty-four moderators reach for the queue at once: everything is taken once, by one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from peewee import Database

from backoffice.domain.errors import Lost
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.usecases import claim
from tests.usecases.market import NOW, Market

CLAIMERS, WAITING = 64, 40


def test_take_next_gives_each_submission_to_one(market: Market, database: Database) -> None:
    for number in range(WAITING):
        Submission.update(state="awaiting_review").where(
            Submission.id == market.submit(market.draft(title=str(number))).id
        ).execute()
    people = [market.person(f"Модератор {n}", "moderator") for n in range(CLAIMERS)]
    taken: list[int] = []

    def work(number: int) -> None:
        if (found := claim.take_next(person=people[number], now=NOW)) is not None:
            taken.append(found.id)

    _at_once(work, database)
    assert len(taken) == len(set(taken)) == WAITING
    holders = Counter(row.claimant_id for row in Submission.select().where(Submission.claimant.is_null(False)))
    assert max(holders.values()) == 1
    assert Audit.select().where(Audit.action == "claimed").count() == WAITING


def test_one_submission_goes_to_one_of_sixty_four(market: Market, database: Database) -> None:
    submission = market.awaiting()
    people = [market.person(f"Модератор {n}", "moderator") for n in range(CLAIMERS)]
    won: list[int] = []
    lost: list[str] = []

    def work(number: int) -> None:
        try:
            won.append(claim.take(submission.id, person=people[number], now=NOW).claimant_id)
        except Lost as refused:
            lost.append(refused.reason)

    _at_once(work, database)
    assert len(won) == 1
    assert lost == ["claimed"] * (CLAIMERS - 1)
    assert Submission.get_by_id(submission.id).claimant_id == won[0]


def _at_once(work: Callable[[int], None], database: Database) -> None:
    start = threading.Barrier(CLAIMERS)
    errors: list[Exception] = []

    def run(number: int) -> None:
        start.wait()
        try:
            with database.connection_context():
                work(number)
        except Exception as error:  # noqa: BLE001  (told below)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(CLAIMERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
