"""The sandbox's worker keeps its engine clean, and leaves word of it for the health page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from peewee import Database

from backoffice.clock import utcnow
from backoffice.inspection.sandbox import reading, reaper
from backoffice.usecases import health
from backoffice.wiring import Wiring
from config.settings import Settings
from tasks.keeping import KeepsEngine
from tests.real.engine import RealEngine
from tests.real.redis import Server as Redis

pytestmark = [pytest.mark.redis, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def wiring(database: Database, database_url: str, redis_server: Redis, tmp_path: Path) -> Wiring:
    return Wiring(Settings(var=tmp_path / "var", database_url=database_url, redis_url=redis_server.url))


def told(wiring: Wiring) -> tuple[str, str]:
    part = next(part for part in health.report(wiring, now=utcnow()).parts if part.name == "sandbox")
    return part.state, part.reason


def booted(wiring: Wiring, queues: set[str]) -> None:
    worker = Worker(StubBroker(middleware=[KeepsEngine(wiring)]), queues=queues, worker_threads=1)
    worker.start()
    worker.stop()


@pytest.mark.parametrize(
    ("free", "state", "reason"), [(0.5, "ok", "disk_free"), (0.04, "warning", "disk_low"), (None, "warning", "no_engine")]
)
def test_the_health_page_says_how_the_engine_is(wiring: Wiring, free: float | None, state: str, reason: str) -> None:
    assert told(wiring) == ("warning", "no_worker")
    health.note_sandbox(wiring.settings.redis_url, free)
    assert told(wiring) == (state, reason)


def test_word_is_left_when_its_worker_starts_and_only_then(wiring: Wiring) -> None:
    booted(wiring, {"mail"})
    assert told(wiring) == ("warning", "no_worker")
    booted(wiring, {"sandbox"})
    assert told(wiring) == ("warning", "no_engine")


def test_without_redis_the_page_still_answers(wiring: Wiring) -> None:
    away = Wiring(Settings(var=wiring.settings.var, database_url=wiring.settings.database_url, redis_url="redis://127.0.0.1:1/0"))
    health.note_sandbox(away.settings.redis_url, 0.5)
    assert told(away) == ("warning", "no_answer")


@pytest.mark.engine
def test_a_worker_starts_with_a_clean_engine(engine: RealEngine, wiring: Wiring) -> None:
    """An attempt was killed: its volume, its image's name and its unpacked archive are still there."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    folder = Path("/tmp") / f"{reading.PREFIX}{gone.pid}-left"
    folder.mkdir()
    with reaper._locked(engine.address, 5) as journal:
        reaper._write(journal, reaper.inventory(engine.api))
    engine.api.create_volume("left")
    engine.api.tag(engine.base, "left/behind", tag="1")
    booted(Wiring(wiring.settings.model_copy(update={"engine": engine.address})), {"sandbox"})
    assert engine.left() == {}
    assert not folder.exists()
    assert told(wiring) == ("ok", "disk_free")
