"""The sandbox's worker is killed again and again while try-installs wait in its queue: each ends with its outcome, and nothing is left (M6).

``TRY_INSTALLS=200 pytest tests/faults/test_sandbox_killed.py`` queues as many; the suite a few.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from backoffice.clock import utcnow
from backoffice.inspection.sandbox import reading, reaper
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job
from backoffice.usecases.health import report
from tests.inspection.sandbox.archives import zipped
from tests.inspection.sandbox.test_actor import waiting
from tests.real.deployment import Deployment
from tests.real.engine import RealEngine, placed
from tests.real.redis import Server as Redis
from tests.real.waiting import until
from tests.usecases.market import Market

pytestmark = [pytest.mark.engine, pytest.mark.jail, pytest.mark.redis, pytest.mark.slow]

COUNT = int(os.environ.get("TRY_INSTALLS", "4"))
SERVE = 'FROM mlplace/python:3.11\nRUN echo {n} > /n\nEXPOSE 8000\nUSER app\nCMD ["python3", "-m", "http.server", "8000", "-d", "/data"]\n'
# What authors send, and how each must end whatever happens to the worker meanwhile.
DEMOS = (
    (SERVE, "passed"),
    ('FROM mlplace/python:3.11\nRUN echo {n} > /n\nUSER app\nCMD ["python3", "-c", "raise SystemExit(3)"]\n', "author_fault"),
    ("FROM mlplace/python:3.11\nRUN echo {n} && ls /nowhere\nUSER app\n", "author_fault"),
    ("FROM mlplace/python:3.11\nRUN --mount=type=secret,id=n{n} true\nUSER app\n", "author_fault"),
)


@pytest.fixture
def deployment(
    database: Database, database_url: str, redis_server: Redis, engine: RealEngine, tmp_path: Path
) -> Iterator[Deployment]:
    """The sandbox's worker and the relay; nothing else is needed."""
    made = Deployment(tmp_path / "var", database_url=database_url, redis_url=redis_server.url, engine=engine.address)
    with placed() as folder:
        folder.chmod(0o755)
        made.environment["TMPDIR"] = str(folder)
        yield made
        made.stop()


def queued(deployment: Deployment, tmp_path: Path) -> dict[int, str]:
    """Submissions that wait for the sandbox, by the id of their check: how each must end."""
    market, expected = Market(deployment.wiring), {}
    for number in range(COUNT):
        text, outcome = DEMOS[number % len(DEMOS)]
        archive = zipped(tmp_path / f"{number}.zip", {"Dockerfile": text.format(n=number)})
        _, check = waiting(market, archive)
        expected[check.id] = outcome
    return expected


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_queued_demo_ends_with_its_outcome(deployment: Deployment, engine: RealEngine, tmp_path: Path) -> None:
    expected = queued(deployment, tmp_path)
    before = engine.traces()
    deployment.start("relay")
    kills = storm(deployment)
    until(lambda: reaper.lock_path(engine.address).read_text() == "", about="the last attempt is over")
    for child in list(deployment.running):
        deployment.kill(child)

    assert {check.id: check.why for check in Check.select().where(Check.id.in_(list(expected)))} == expected
    assert {submission.state for submission in Submission.select()} == {"awaiting_review"}
    assert not Job.select().where(Job.actor == "try_install", Job.finished_at.is_null()).exists()
    assert engine.left() == {}
    assert engine.traces() == before
    assert not list(Path(deployment.environment["TMPDIR"]).glob(f"{reading.PREFIX}*"))
    assert next(part.reason for part in report(deployment.wiring, now=utcnow()).parts if part.name == "sandbox") == "disk_free"
    done = list(Check.select().where(Check.id.in_(list(expected))))
    cut, failed = sum(check.tries - 1 for check in done), [check.transcript.get("before", "") for check in done]
    assert cut >= 1
    print(f"{COUNT} queued, {kills} kills, {cut} attempts cut short, outcomes {dict(Counter(expected.values()))}")
    print(f"our own engine could not finish {sum(map(bool, failed))}: {Counter(filter(None, failed))}")


def storm(deployment: Deployment) -> int:
    """Kill the worker in the middle of an attempt, the first at its very beginning, until nothing is queued; how often."""
    chance, pause, kills, longer = random.Random(4), threading.Event(), 0, 0
    while left := open_jobs():
        begun = attempts()
        worker = deployment.start("sandbox")
        until(lambda: attempts() > begun or not open_jobs(), about="the worker has begun an attempt")  # noqa: B023  (asked in this round only)
        life = time.monotonic() + chance.uniform(1, 6) * longer
        while time.monotonic() < life and open_jobs():
            pause.wait(0.1)
        deployment.kill(worker)
        kills += 1
        longer += open_jobs() == left  # nothing ended in that life: a busy machine comes to an end too
        # A lease's minutes pass by moving its end.
        Job.update(leased_until=utcnow(), due_at=utcnow()).where(Job.finished_at.is_null()).execute()
    deployment.start("sandbox")  # the next one cleans up after the last that was killed
    return kills


def attempts() -> int:
    """How many were begun until now."""
    return sum(check.tries for check in Check.select(Check.tries).where(Check.kind == "try_install"))


def open_jobs() -> int:
    return int(Job.select().where(Job.actor == "try_install", Job.finished_at.is_null()).count())
