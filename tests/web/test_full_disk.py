"""A full disk on our side: nothing is lost, nothing is half-written, the person is told, and all goes on when there is room again (A11, M4)."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from peewee import OperationalError
from werkzeug.test import TestResponse

from backoffice.app import create_app
from backoffice.clock import utcnow
from backoffice.domain.errors import TryLater
from backoffice.inspection import runner
from backoffice.storage import blob_key
from backoffice.store.audit import Audit
from backoffice.store.checks import Check, Finding
from backoffice.store.listings import Artifact, Submission
from backoffice.store.outbox import Job
from backoffice.usecases import examine
from config.settings import Settings
from tasks import running, scan
from tests.real.disk import Disk, small_disk
from tests.usecases.market import CARD, Market
from tests.web.conftest import Visitor
from tests.web.test_uploads import Sender

MIB = 1 << 20
FILE = b"column\n" + b"0123456789abcde\n" * (4 * MIB // 16)  # 4 MiB
NOISE = secrets.token_hex(4_000)
JSON = {"Accept": "application/json"}
WORDS = "закончилось место"


def told(answer: TestResponse) -> bool:
    """Whether the person is told that the disk is full, and nothing else."""
    return answer.status_code == 507 and WORDS in (answer.get_json() or {}).get("words", "")


@pytest.fixture
def database_url(tmp_path: Path, _migrated_sqlite: Path) -> str:
    """Of the tests about files, which do not depend on the database's kind."""
    shutil.copy(_migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def sender(app: Flask, market: Market) -> Sender:
    draft = market.draft()
    Artifact.delete().where(Artifact.submission == draft).execute()
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    return Sender(visitor.sign_in(market.anna), draft)


def _arrived(app: Flask, sender: Sender) -> bool:
    artifact = Artifact.get_or_none(Artifact.submission == sender.draft)
    storage = app.extensions["wiring"].storage
    return artifact is not None and storage.read(blob_key(artifact.blob.sha256)) == FILE


def test_an_upload_that_meets_a_full_disk_keeps_what_arrived_and_goes_on(app: Flask, sender: Sender) -> None:
    with small_disk(app.extensions["wiring"].storage.uploads, "size=3m") as disk:
        url = sender.begin(size=len(FILE)).headers["Location"]
        assert told(sender.add(url, 0, FILE))
        stands = sender.stands(url)
        assert 2 * MIB < stands <= 3 * MIB
        assert told(sender.add(url, stands, FILE[stands:]))
        assert sender.stands(url) == stands
        disk.change("size=6m")
        assert sender.add(url, stands, FILE[stands:]).status_code == 204
        assert _arrived(app, sender)


def test_a_new_upload_on_a_disk_without_room_is_refused_with_words(app: Flask, sender: Sender) -> None:
    with small_disk(app.extensions["wiring"].storage.uploads, "size=1m") as disk:
        disk.change("nr_inodes=1")
        assert told(sender.begin(size=len(FILE)))


def test_a_file_that_finds_no_room_in_the_store_is_stored_when_there_is_some(app: Flask, sender: Sender) -> None:
    storage = app.extensions["wiring"].storage
    assert storage.root is not None
    with small_disk(storage.root / "blobs", "size=2m") as disk:
        url = sender.begin(size=len(FILE)).headers["Location"]
        assert told(sender.add(url, 0, FILE))
        assert Artifact.select().count() == 0
        assert not storage.exists(blob_key(hashlib.sha256(FILE).hexdigest()))
        assert sender.visitor.head(url).status_code == 507
        disk.change("size=8m")
        assert sender.stands(url) == len(FILE)  # asking where it stands finishes it
        assert _arrived(app, sender)


def test_a_preview_that_finds_no_room_is_tried_later_and_never_half_written(app: Flask, market: Market) -> None:
    storage = app.extensions["wiring"].storage
    submission = market.submit(market.draft())
    check = Check.select().first()
    picture = [("page.png", "image/png", secrets.token_bytes(2 * MIB))]
    with small_disk(storage.root / "previews", "size=1m") as disk:
        with pytest.raises(TryLater, match="No space left"):
            examine.keep_previews(storage, check, picture)
        assert not storage.exists(f"previews/{check.id}/page.png")
        disk.change("size=4m")
        examine.keep_previews(storage, check, picture)
        assert storage.read(f"previews/{check.id}/page.png") == picture[0][2]
    assert Submission.get_by_id(submission.id).state == "checking"


# ---- the database's disk ----


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def tight(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Flask, Disk]]:
    """The product with its database on a small disk. PostgreSQL's log of changes lies elsewhere: without room for that the server ends itself."""
    with tempfile.TemporaryDirectory(prefix="mlp-small-", dir="/tmp") as name, small_disk(Path(name), "size=64m") as disk:
        folder = disk.folder
        if request.param == "sqlite":
            shutil.copy(request.getfixturevalue("_migrated_sqlite"), folder / "test.db")
            url, drop = f"sqlite:///{folder / 'test.db'}", _nothing
        else:
            url, drop = _in_a_tablespace(request, folder)
        app = create_app(Settings(var=tmp_path / "var", database_url=url))
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        app.test_client_class = Visitor
        opened = app.extensions["wiring"].database
        opened.connect()
        yield app, disk
        opened.close()
        if hasattr(opened, "close_all"):
            opened.close_all()
        drop()


def _nothing() -> None:
    pass


def _in_a_tablespace(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Callable[[], None]]:
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("_migrated_postgres")
    if server.user:
        os.chown(folder, server.user.pw_uid, server.user.pw_gid)
    server.sql(f"CREATE TABLESPACE small LOCATION '{folder}'")
    server.sql(f"CREATE DATABASE small TEMPLATE {template} TABLESPACE small")

    def drop() -> None:
        server.sql("DROP DATABASE small WITH (FORCE)")
        server.sql("DROP TABLESPACE small")

    return server.url("small"), drop


def test_a_full_database_loses_nothing_and_goes_on(tight: tuple[Flask, Disk]) -> None:
    app, disk = tight
    market = Market(app.extensions["wiring"])
    kept, draft = market.draft(title="Сохранено раньше"), market.draft()
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    anna = visitor.sign_in(market.anna)
    address = f"/cabinet/submissions/{draft.id}"
    disk.fill()
    full = _until_full(anna, address, draft)
    assert told(full)
    saved = Submission.get_by_id(draft.id)
    jobs, written = Job.select().count(), Audit.select().count()
    sent = anna.post(f"/cabinet/submissions/{kept.id}/submit", headers=JSON)
    assert sent.status_code in (
        302,
        507,
    )  # a transaction that finds room in pages it has may still pass: then it passed as a whole
    state = Submission.get_by_id(kept.id).state
    more = (Job.select().count() > jobs, Audit.select().count() > written)
    assert (state, *more) == (("checking", True, True) if sent.status_code == 302 else ("draft", False, False))
    assert "Сохранено раньше" in anna.page(f"/cabinet/submissions/{kept.id}/edit")
    disk.clear()
    answer = anna.put(
        address, json={"revision": saved.revision, "title": CARD["title"], "description": NOISE, "values": []}, headers=JSON
    )
    assert answer.status_code == 200
    assert Submission.get_by_id(draft.id).description == NOISE
    if state == "draft":
        anna.post(f"/cabinet/submissions/{kept.id}/submit")
    assert Submission.get_by_id(kept.id).state == "checking"


def _until_full(anna: Visitor, address: str, draft: Submission) -> TestResponse:
    """Saves that each need new pages, until one is refused."""
    for number in range(2_000):
        revision = Submission.get_by_id(draft.id).revision
        answer = anna.put(
            address,
            json={"revision": revision, "title": f"{number}", "description": f"{number}{NOISE}", "values": []},
            headers=JSON,
        )
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk never became full")


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    """A thread with connections of its own, as a worker has."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.jail
def test_a_worker_whose_result_finds_no_room_records_it_later(
    tight: tuple[Flask, Disk], worker: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is looked at, then there is no room to write that down: nothing counts as seen, the job is not lost, and it is done again."""
    app, disk = tight
    wiring = app.extensions["wiring"]
    monkeypatch.setattr(scan, "wiring", wiring)
    monkeypatch.setattr(running, "wiring", wiring)
    market = Market(wiring)
    market.submit(
        market.draft(bytes_of={"instruction": f"# Инструкция\n\n{secrets.token_hex(60_000)}\n"}, now=utcnow()), now=utcnow()
    )
    check = next(row for row in Check.select() if row.context.startswith("instruction"))
    job = Job.get((Job.actor == "scan") & (Job.subject == check.id))

    def look_and_fill(path: Path, **rest: Any) -> runner.Inspection:
        seen = runner.inspect(path, **rest | {"antivirus": None})
        disk.fill()
        return seen

    with monkeypatch.context() as full, _reading(wiring.settings.database_url):
        full.setattr(scan, "runner", SimpleNamespace(inspect=look_and_fill))
        with suppress(
            OperationalError
        ):  # there may be no room to write down that there was none, either: then the lease runs out
            worker.submit(running.run, job.id, scan.WORK).result()
    check, job = Check.get_by_id(check.id), Job.get_by_id(job.id)
    assert (check.state in ("running", "failed"), check.verdict in ("", "error"), job.finished_at) == (True, True, None)
    assert Finding.select().where(Finding.check == check).count() == 0
    disk.clear()
    Job.update(due_at=utcnow(), leased_until=utcnow()).where(Job.id == job.id).execute()  # the time that passes
    monkeypatch.setattr(
        scan, "runner", SimpleNamespace(inspect=lambda path, **rest: runner.inspect(path, **rest | {"antivirus": None}))
    )
    worker.submit(running.run, job.id, scan.WORK).result()
    check, job = Check.get_by_id(check.id), Job.get_by_id(job.id)
    assert (check.state, check.verdict, job.outcome, job.tries) == ("passed", "pass", "done", 2)


@contextmanager
def _reading(url: str) -> Iterator[None]:
    """Somebody reads all the while: until they are done SQLite cannot use its journal's pages again, so that it needs new ones."""
    if not url.startswith("sqlite"):
        yield
        return
    reader = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM submission").fetchone()
    yield
    reader.close()
