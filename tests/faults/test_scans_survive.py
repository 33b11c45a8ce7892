"""The pipeline of scans on real parts: whatever falls, every check ends with its right answer, once (M4, M5)."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from backoffice.clock import utcnow
from backoffice.domain.verdicts import Verdict
from backoffice.inspection import clamd_server
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job
from tests.inspection.test_antivirus import EICAR
from tests.real.deployment import Deployment
from tests.real.disk import small_disk
from tests.real.redis import Server as Redis
from tests.real.waiting import until
from tests.tasks.test_processes import FILES
from tests.usecases.market import Market

pytestmark = [pytest.mark.redis, pytest.mark.clamd, pytest.mark.jail]
INFECTED = FILES | {"instruction": f"# Инструкция\n\n{EICAR.decode()}\n"}
RIGHT = {"data_example": "pass", "instruction": "reject", "terms_of_use": "pass", "model_archive": "reject"}


def _submit(market: Market, count: int = 1) -> list[Submission]:
    return [market.submit(market.draft(bytes_of=INFECTED, now=utcnow()), now=utcnow()) for _ in range(count)]


def _hurry() -> None:
    """Leases and pauses end now: the minutes that a person would wait."""
    Job.update(leased_until=utcnow(), due_at=utcnow()).where(Job.actor == "scan", Job.finished_at.is_null()).execute()


def _open() -> bool:
    return bool(Job.select().where(Job.actor == "scan", Job.finished_at.is_null()).exists())


def _right() -> None:
    """Every check has its right verdict, and was recorded once."""
    assert {check.context.partition(":")[0]: check.verdict for check in Check.select()} == RIGHT
    assert Check.select().count() == 4
    assert {(job.outcome) for job in Job.select().where(Job.actor == "scan")} == {"done"}


@pytest.fixture
def own_clamd() -> Iterator[clamd_server.Server]:
    """A clamd that may fall."""
    with tempfile.TemporaryDirectory(prefix="mlp-clamd-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        server = clamd_server.start(Path(name), database=Path(name) / "none")
        yield server
        server.stop()


@pytest.mark.slow
def test_a_worker_killed_again_and_again(market: Market, deployment: Deployment) -> None:
    """Ten times, each time at another moment of its life: while it boots, takes a job, builds the jail, waits for clamd, writes down."""
    chance, pause = random.Random(4), threading.Event()
    _submit(market)
    deployment.start("relay")
    for _ in range(10):
        worker = deployment.start("scans")
        if chance.random() < 0.7:
            until(lambda: Check.select().where(Check.state == "running").exists() or not _open(), about="a scan runs")
        pause.wait(chance.random() * 0.8)
        deployment.kill(worker)
        _hurry()
    deployment.start("scans")
    until(lambda: _wait_over() or not _open(), about="the last worker finishes")
    _right()


def test_without_clamd_nothing_passes_and_the_tries_come_to_an_end(
    market: Market, deployment: Deployment, tmp_path: Path
) -> None:
    submission = market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    deployment.start("scans", MLPLACE_CLAMD=f"unix:{tmp_path}/nobody.sock")
    until(lambda: _wait_over() or not _open(), about="the last try")
    states = {check.context.partition(":")[0]: (check.state, check.verdict) for check in Check.select()}
    assert states.pop("model_archive") == ("findings", Verdict.REJECT)  # no archive at all: that needs no antivirus
    assert set(states.values()) == {("exhausted", Verdict.ERROR)}
    assert {job.tries for job in Job.select().where(Job.outcome == "dead")} == {5}
    assert all("no clamd" in check.why for check in Check.select().where(Check.state == "exhausted"))
    assert Submission.get_by_id(submission.id).state == "awaiting_review"


def _wait_over() -> None:
    """The pause before the next try is over; a running job keeps its lease."""
    Job.update(due_at=utcnow()).where(Job.actor == "scan", Job.finished_at.is_null(), Job.leased_until.is_null()).execute()


def test_clamd_falls_and_comes_back(market: Market, deployment: Deployment, own_clamd: clamd_server.Server) -> None:
    own_clamd.process.kill()
    own_clamd.process.wait()
    _submit(market)
    deployment.start("relay")
    deployment.start("scans", MLPLACE_CLAMD=own_clamd.address)
    until(lambda: Check.select().where(Check.state == "failed").count() >= 2, about="scans fail without clamd")
    again = clamd_server.start(own_clamd.folder, database=own_clamd.folder / "none")
    try:
        until(lambda: _wait_over() or not _open(), about="the tries after it came back")
    finally:
        again.stop()
    _right()


def test_redis_falls_and_comes_back_empty(market: Market, deployment: Deployment, redis_server: Redis) -> None:
    _submit(market)
    deployment.start("relay")
    deployment.start("scans")
    until(lambda: Check.select().where(Check.state == "running").exists(), about="a scan runs")
    with redis_server.client() as client:
        client.flushall()
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub")
    until(lambda: _sent_but_not_begun() or not _open(), about="the relay sends what was lost")
    _right()


def _sent_but_not_begun() -> None:
    """A message that was lost with Redis is sent again when its lease ends."""
    Job.update(leased_until=utcnow()).where(Job.actor == "scan", Job.finished_at.is_null(), Job.tries == 0).execute()


def test_the_disk_is_full_and_then_is_not(market: Market, deployment: Deployment) -> None:
    files = INFECTED | {"data_example": "длина,ширина\n" + "1.5,2.5\n" * 200_000}
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(deployment.folder / "scratch", "size=16k,nr_inodes=3"))
        stack.callback(deployment.running.clear)
        stack.callback(deployment.stop)
        market.submit(market.draft(bytes_of=files, now=utcnow()), now=utcnow())
        deployment.start("relay")
        deployment.start("scans")
        until(lambda: Check.select().where(Check.state == "failed").count() >= 1, about="a scan finds no room")
        assert not Check.select().where(Check.verdict == Verdict.PASS, Check.state != "passed").exists()
        disk.change("size=64m,nr_inodes=10000")
        until(lambda: _wait_over() or not _open(), about="the tries after there is room")
    _right()
