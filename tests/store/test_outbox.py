"""Jobs are done once, whoever dies on the way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from backoffice.store import outbox
from backoffice.store.outbox import Job
from tests.real.waiting import PATIENCE

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def job(database: Database) -> Job:
    outbox.put("mail", 7, key="mail:7", now=NOON)
    return Job.get()


def test_the_same_key_is_put_once(job: Job) -> None:
    outbox.put("mail", 7, key="mail:7", now=LATER)
    assert Job.select().count() == 1


def test_the_relay_leases_a_due_job_once(job: Job) -> None:
    assert [leased.id for leased in outbox.lease_due(now=NOON)] == [job.id]
    assert outbox.lease_due(now=NOON) == []


def test_a_relay_killed_between_lease_and_send_loses_nothing(job: Job) -> None:
    outbox.lease_due(now=NOON)
    assert [leased.id for leased in outbox.lease_due(now=NOON + outbox.QUEUED_LEASE)] == [job.id]


def test_a_message_that_comes_twice_is_worked_on_once(job: Job) -> None:
    assert outbox.begin(job.id, now=NOON) is not None
    assert outbox.begin(job.id, now=NOON) is None


def test_a_killed_worker_loses_its_job_when_the_lease_ends_and_cannot_finish_it_afterwards(job: Job) -> None:
    killed = outbox.begin(job.id, now=NOON)
    assert killed is not None
    after = NOON + outbox.RUNNING_LEASE
    assert [leased.id for leased in outbox.lease_due(now=after)] == [job.id]
    second = outbox.begin(job.id, now=after)
    assert second is not None
    assert not outbox.finish(killed, now=after)
    assert outbox.finish(second, now=after)
    assert outbox.begin(job.id, now=LATER) is None


def test_a_heartbeat_keeps_the_job(job: Job) -> None:
    mine = outbox.begin(job.id, now=NOON)
    assert mine is not None
    assert outbox.beat(mine, now=NOON + timedelta(seconds=30))
    assert outbox.lease_due(now=NOON + outbox.RUNNING_LEASE) == []


def test_a_retry_waits_for_its_time(job: Job) -> None:
    mine = outbox.begin(job.id, now=NOON)
    assert mine is not None
    outbox.retry(mine, now=NOON, delay=timedelta(minutes=5), error="451")
    assert outbox.begin(job.id, now=NOON) is None
    assert outbox.lease_due(now=NOON + timedelta(minutes=4)) == []
    assert len(outbox.lease_due(now=NOON + timedelta(minutes=5))) == 1


def test_a_dead_job_is_sent_again_by_button_and_a_finished_one_is_not(job: Job) -> None:
    mine = outbox.begin(job.id, now=NOON)
    assert mine is not None
    outbox.finish(mine, now=NOON, outcome="dead", error="550")
    assert outbox.again([job.id], now=LATER) == 1
    again = outbox.begin(job.id, now=LATER)
    assert again is not None
    outbox.finish(again, now=LATER)
    assert outbox.again([job.id], now=LATER) == 0


def test_eight_relays_at_once_lease_every_job_once(database: Database) -> None:
    for number in range(200):
        outbox.put("mail", number, key=f"mail:{number}", now=NOON)
    leased: list[int] = []
    start = threading.Barrier(8, timeout=PATIENCE)

    def relay() -> None:
        start.wait()
        with database.connection_context():
            while jobs := outbox.lease_due(now=NOON, limit=5):
                leased.extend(job.subject for job in jobs)

    threads = [threading.Thread(target=relay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(leased) == list(range(200))
