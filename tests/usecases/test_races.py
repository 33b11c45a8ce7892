"""Several reach for one thing at once: moderators for the queue, everything is taken once, by one; workers for the last checks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from peewee import Database, PostgresqlDatabase

from backoffice.domain.errors import Lost, Refused
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.usecases import claim, decide, hold, record_check, request_checks
from tests.real.waiting import PATIENCE, until
from tests.usecases.market import NAMES, NOW, VIRUS, Market

CLAIMERS, WAITING = 64, 40
SAME = dict.fromkeys(NAMES, "the same bytes")


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


def test_the_last_two_results_come_together(market: Market, database: Database) -> None:
    """Neither worker sees the other's result before it is committed; together they still move the submission on."""
    submission = market.submit(market.draft())
    *first, one, other = record_check.current_checks(submission)
    for check in first:
        market.record(check, [])
    with _meanwhile(database, lambda: market.record(other, [])):
        market.record(one, [])
    assert Submission.get_by_id(submission.id).state == "awaiting_review"


def test_a_result_comes_while_the_same_bytes_are_submitted_again(market: Market, database: Database) -> None:
    waiting = market.submit(market.draft(bytes_of=SAME))
    draft = market.draft(bytes_of=SAME)
    with _meanwhile(database, lambda: market.checked(waiting)):
        market.submit(draft)
    assert {row.state for row in Submission.select()} == {"awaiting_review"}


@pytest.mark.parametrize("comes", ["a hold", "a virus"])
def test_what_comes_while_somebody_decides_is_not_overlooked(market: Market, database: Database, comes: str) -> None:
    submission = market.take(market.awaiting(), market.vera)
    review = market.review(submission, "publish")
    check = record_check.current_checks(submission)[0]

    def publish() -> None:
        decide.decide(submission.id, review, moderator=market.vera, claim_token=str(submission.claim_token), now=NOW)

    with _meanwhile(database, publish) as refused:
        if comes == "a hold":
            hold.hold(submission.id, by=market.olga, reason="Ждём ответа юристов", now=NOW)
        else:
            request_checks.rerun(check.id, person=market.olga, now=NOW)
            market.record(check, [VIRUS])
    assert refused == ["blocked" if comes == "a hold" else "looked_at_has_changed"]
    assert Submission.get_by_id(submission.id).state == "awaiting_review"


def test_a_check_that_rejects_this_moment_is_not_exempted(market: Market, database: Database) -> None:
    check = record_check.current_checks(market.submit(market.draft()))[0]
    with _meanwhile(
        database, lambda: request_checks.exempt(check.id, person=market.olga, reason="Знакомый автор", now=NOW)
    ) as refused:
        market.record(check, [VIRUS])
    assert refused == ["cannot_exempt_rejecting"]


def test_no_file_is_put_into_what_is_being_submitted(market: Market, database: Database) -> None:
    """Nobody would ever look at it."""
    draft = market.draft()
    with _meanwhile(database, lambda: market.attach(draft, "model_archive", "another archive")) as refused:
        submission = market.submit(draft)
    assert refused == ["not_a_draft"]
    assert {(check.slot, check.kind) for check in record_check.current_checks(submission)} >= {(slot, "scan") for slot in NAMES}


@contextmanager
def _meanwhile(database: Database, act: Callable[[], object]) -> Iterator[list[str]]:
    """A transaction; before it ends, ``act`` runs into it from another thread. The reason ``act`` is refused for, once that has ended too."""
    reasons: list[str] = []
    writes = threading.Event()

    def work() -> None:
        with database.connection_context(), _told_of_writing(database, writes):
            try:
                act()
            except (Refused, Lost) as error:
                reasons.append(error.reason)

    other = threading.Thread(target=work)
    with database.atomic():
        yield reasons
        other.start()
        until(lambda: _waits(database, writes) or not other.is_alive(), about="a transaction that waits")
    other.join()


def _waits(database: Database, writes: threading.Event) -> bool:
    """Whether the other's transaction waits for ours: for a lock on PostgreSQL; on SQLite it can only try to write."""
    if isinstance(database, PostgresqlDatabase):
        return bool(database.execute_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0])
    return writes.is_set()


@contextmanager
def _told_of_writing(database: Database, writes: threading.Event) -> Iterator[None]:
    if isinstance(database, PostgresqlDatabase):
        yield
        return
    connection = database.connection()
    connection.set_trace_callback(lambda sql: writes.set() if sql.startswith(("BEGIN", "UPDATE")) else None)
    yield
    connection.set_trace_callback(None)


def _at_once(work: Callable[[int], None], database: Database) -> None:
    start = threading.Barrier(CLAIMERS, timeout=PATIENCE)
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
