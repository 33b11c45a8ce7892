"""The worker's job, from the outbox to the moderator's card, with a real engine and a real database (M6)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from peewee import Database

from backoffice.domain.errors import TryLater
from backoffice.store import outbox
from backoffice.store.checks import Check, Finding, PreviewFile
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job
from backoffice.usecases import drafts
from backoffice.usecases.record_check import current_checks
from backoffice.wiring import Wiring
from config.settings import Settings
from tasks import try_install
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine
from tests.usecases.market import NOW, Market, outcome_of

pytestmark = [pytest.mark.engine, pytest.mark.jail]

DOCKERFILE = 'FROM mlplace/python:3.11\nEXPOSE 8000\nUSER app\nCMD ["python3", "-m", "http.server", "8000", "-d", "/data"]\n'


def wiring_of(url: str, tmp_path: Path, *, engine: str) -> Wiring:
    return Wiring(Settings(var=tmp_path / "var", database_url=url, engine=engine))


def waiting(market: Market, archive: Path) -> tuple[Submission, Check]:
    """A submission whose files are scanned, and whose Docker config waits for the sandbox."""
    draft = market.draft()
    data = archive.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    market.wiring.storage.put(f"blobs/{sha256[:2]}/{sha256}", data)
    drafts.attach(draft.id, author=market.anna, slot="model_archive", name="модель.zip", sha256=sha256, size=len(data), now=NOW)
    submission = market.checked(market.submit(draft), model_archive=outcome_of([], facts={"has_docker_config": True}))
    return submission, next(row for row in current_checks(submission) if row.kind == "try_install")


def begun(check: Check) -> Job:
    """The sandbox's job, taken as its worker takes it."""
    job = outbox.begin(Job.get((Job.actor == "try_install") & (Job.subject == check.id)).id, now=NOW)
    assert job is not None
    return job


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_card_gets_the_picture_the_steps_and_the_data(
    engine: RealEngine, database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring = wiring_of(database_url, tmp_path, engine=engine.address)
    monkeypatch.setattr(try_install, "wiring", wiring)
    submission, check = waiting(Market(wiring), zipped(tmp_path / "demo.zip", {"Dockerfile": DOCKERFILE}))
    job = begun(check)
    job.error = "sandbox.engine_failed: no such device"  # what the try before this one left
    try_install.install(job)
    check = Check.get_by_id(check.id)
    assert (check.state, check.verdict, check.why) == ("findings", "warn", "passed")  # no VOLUME for data: a suggestion
    assert [row.rule for row in Finding.select().where(Finding.check == check.id)] == ["run.no_data"]
    assert [step["name"] for step in check.transcript["steps"]] == [
        "read",
        "linted",
        "built",
        "started",
        "answered",
        "page",
        "stopped",
    ]
    assert check.transcript["before"] == "sandbox.engine_failed: no such device"
    assert "пример.csv" in check.transcript["http"][0]["text"]
    files = {row.name: row for row in PreviewFile.select().where(PreviewFile.check == check.id)}
    assert set(files) == {"screenshot.png", "bundle.tar.gz"}
    assert Submission.get_by_id(submission.id).state == "awaiting_review"
    assert engine.left() == {}


def test_without_an_engine_it_is_tried_again_and_never_passed(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring = wiring_of(database_url, tmp_path, engine="")
    monkeypatch.setattr(try_install, "wiring", wiring)
    submission, check = waiting(Market(wiring), zipped(tmp_path / "demo.zip", {"Dockerfile": DOCKERFILE}))
    job = begun(check)
    with pytest.raises(TryLater, match="no_engine: MLPLACE_ENGINE"):
        try_install.install(job)
    try_install.on_failure(job, "sandbox.no_engine: MLPLACE_ENGINE", most=3, exhausted=True)
    assert (Check.get_by_id(check.id).state, Check.get_by_id(check.id).verdict) == ("exhausted", "error")
    assert Submission.get_by_id(submission.id).state == "awaiting_review"
