"""Whatever is killed, nothing is lost and nothing is done twice. A lease's minutes pass by moving its end."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from backoffice.clock import utcnow
from backoffice.delivery import catcher
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job, Mail
from backoffice.usecases.record_check import current_checks
from scripts.services import free_port
from tests.real.deployment import Deployment
from tests.real.redis import Server as Redis
from tests.real.smtp import Server as Smtp
from tests.real.waiting import until
from tests.tasks.test_processes import FILES
from tests.usecases.market import Market

pytestmark = [pytest.mark.redis, pytest.mark.clamd, pytest.mark.jail]


def _leases_run_out() -> None:
    Job.update(leased_until=utcnow()).where(Job.finished_at.is_null()).execute()


@pytest.fixture
def silent_clamd(tmp_path: Path) -> Iterator[str]:
    """A clamd that takes a file and never answers: the scan stays in its middle for as long as a test wants."""
    address = f"{tmp_path}/silent.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"unix:{address}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


def test_a_worker_killed_in_the_middle_of_a_scan(market: Market, deployment: Deployment, silent_clamd: str) -> None:
    submission = market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    worker = deployment.start("scans", MLPLACE_CLAMD=silent_clamd)
    until(lambda: Check.select().where(Check.state == "running").count() == 2, about="two scans run")
    deployment.kill(worker)
    assert Submission.get_by_id(submission.id).state == "checking"

    _leases_run_out()
    deployment.start("scans")
    until(lambda: Submission.get_by_id(submission.id).state == "awaiting_review", about="another worker finishes")
    until(lambda: not Job.select().where(Job.actor == "scan", Job.finished_at.is_null()).exists())
    assert {check.state for check in current_checks(submission)} <= {"passed", "findings"}
    assert Check.select().count() == Job.select().where(Job.actor == "scan", Job.outcome == "done").count() == 4


def test_a_relay_killed_between_commit_and_send(market: Market, deployment: Deployment, redis_server: Redis, smtp: Smtp) -> None:
    market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    redis_server.process.send_signal(signal.SIGSTOP)  # leasing works, sending hangs
    try:
        relay = deployment.start("relay")
        until(
            lambda: Job.select().where(Job.leased_until.is_null(False)).count() == Job.select().count(), about="jobs are leased"
        )
        deployment.kill(relay)
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    deployment.start("deliveries")
    _leases_run_out()
    deployment.start("relay")
    until(lambda: Mail.get().sent_at is not None, about="the letter is sent after all")
    assert len(smtp.letters()) == Mail.select().count() == 1


def test_messages_sent_twice_are_worked_on_once(market: Market, deployment: Deployment, smtp: Smtp) -> None:
    for _ in range(8):
        market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    until(lambda: not Job.select().where(Job.leased_until.is_null()).exists(), about="all are sent")
    _leases_run_out()  # all are sent again before anybody worked
    until(lambda: not Job.select().where(Job.leased_until <= utcnow()).exists(), about="all are sent again")
    deployment.start("deliveries")
    until(lambda: not Mail.select().where(Mail.sent_at.is_null()).exists(), about="every letter is sent")
    until(lambda: not Job.select().where(Job.actor == "mail", Job.finished_at.is_null()).exists())
    assert len(smtp.letters()) == 8
    assert {job.tries for job in Job.select().where(Job.actor == "mail")} == {1}


class _Killer:
    """An SMTP server that takes the letter and kills the sender before it hears so, once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kill, self.taken = folder, threading.Event(), 0
        folder.mkdir(exist_ok=True)

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        catcher.keep(self.folder, envelope.original_content)  # type: ignore[attr-defined]
        self.taken += 1
        if self.taken == 1:
            self.kill.set()
            return "451 the sender will never read this"
        return "250 kept"


def test_a_letter_delivered_twice_after_a_kill_is_one_letter(market: Market, deployment: Deployment, tmp_path: Path) -> None:
    killer, port = _Killer(tmp_path / "mail"), free_port(18525)
    server = Controller(killer, hostname="127.0.0.1", port=port, decode_data=False)
    server.start()
    try:
        deployment.environment["MLPLACE_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
        deployment.start("relay")
        worker = deployment.start("deliveries")
        until(killer.kill.is_set, about="the letter is at the server")
        deployment.kill(worker)
        Job.update(leased_until=utcnow(), due_at=utcnow()).where(Job.finished_at.is_null()).execute()
        deployment.start("deliveries")
        until(lambda: Mail.get().sent_at is not None, about="the letter is delivered again")
    finally:
        server.stop()
    assert killer.taken == 2
    assert len(catcher.messages(killer.folder)) == 1


def test_redis_loses_everything_and_nothing_is_lost(
    market: Market, deployment: Deployment, redis_server: Redis, smtp: Smtp
) -> None:
    market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    until(lambda: not Job.select().where(Job.leased_until.is_null()).exists(), about="all are sent")
    with redis_server.client() as client:
        client.flushall()
    deployment.start("deliveries")
    _leases_run_out()
    until(lambda: Mail.get().sent_at is not None, about="the relay sends them again")
    assert len(smtp.letters()) == 1
