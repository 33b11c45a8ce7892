"""What waited for the engine or for an image on it is tried again: by hand, and when Jupyter's image arrives (M6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import Database

from backoffice.app import create_app
from backoffice.clock import utcnow
from backoffice.inspection.sandbox import reaper
from backoffice.store.base import db
from backoffice.store.outbox import Job
from backoffice.wiring import Wiring
from config.settings import Settings
from scripts import jupyter_image
from tests.real.engine import RealEngine
from tests.usecases.market import Market
from tests.usecases.test_trial import failing

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def waiting(database: Database, database_url: str, tmp_path: Path) -> Job:
    """A try-install that failed for want of an engine, and whose next try was put off."""
    _, check = failing(Market(Wiring(Settings(var=tmp_path / "var", database_url=database_url))), 1)
    Job.update(due_at=utcnow().replace(year=2100)).where(Job.subject == check.id).execute()
    return Job.get(Job.subject == check.id, Job.actor == "try_install")


def is_due(job: Job) -> bool:
    db.connect(reuse_if_open=True)  # the command has bound and closed its own
    return bool(Job.get_by_id(job.id).due_at <= utcnow())


def test_by_hand(waiting: Job, database_url: str, tmp_path: Path) -> None:
    runner = create_app(Settings(var=tmp_path / "var", database_url=database_url)).test_cli_runner()
    result = runner.invoke(args=["sandbox", "retry"])
    assert (result.exit_code, result.output) == (0, "1\n")
    assert is_due(waiting)


@pytest.mark.engine
def test_when_the_image_is_there(
    engine: RealEngine,
    waiting: Job,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLPLACE_DATABASE_URL", database_url)
    monkeypatch.setenv("MLPLACE_VAR", str(tmp_path / "var"))
    with reaper.kept(engine.address, seconds=60) as api:
        api.tag(engine.base, jupyter_image.NAME, tag=jupyter_image.TAG)
    try:
        assert jupyter_image.main(engine.address, tmp_path / "wheels") == 0
    finally:
        engine.api.remove_image(jupyter_image.IMAGE)
    assert capfd.readouterr().out.split() == [jupyter_image.IMAGE, "1"]
    assert is_due(waiting)


@pytest.mark.engine
def test_not_without_the_package_index(
    engine: RealEngine, waiting: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says why in a line, and what waits goes on waiting."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert jupyter_image.main(engine.address, tmp_path) == 1
    assert capfd.readouterr().out.startswith(f"{jupyter_image.IMAGE}: ERROR: No matching distribution")
    assert engine.left() == {}
    assert not is_due(waiting)


def test_not_without_an_engine(
    waiting: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jupyter_image, "STARTS", 0.0)
    assert jupyter_image.main(f"unix://{tmp_path}/docker.sock", tmp_path) == 1
    assert "no_engine" in capfd.readouterr().out
    assert not is_due(waiting)
