"""When the database cannot serve, people and scripts are told so, in words and with the time after which to try again (RFC 9110)."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from peewee import Database, OperationalError, SqliteDatabase

from backoffice.app import create_app
from backoffice.store import database as opening
from backoffice.store import trouble
from backoffice.web.previews import create_previews
from config.settings import Settings
from tests.usecases.market import Market
from tests.web.conftest import SignIn

RUSSIAN = "Сервис перегружен и не успел это выполнить. Подождите несколько секунд и повторите."


@pytest.fixture
def others_hold_it(app: Flask, market: Market, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another connection holds what a claim has to write; our own patience is made short."""
    database = app.extensions["wiring"].database
    if isinstance(database, SqliteDatabase):
        monkeypatch.setattr(opening, "_PATIENCE", 0.05)
        with closing(sqlite3.connect(database.database, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(database_url) as holder:
        name = holder.info.dbname
        holder.execute(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")  # type: ignore[arg-type]
        holder.commit()
        database.close_all()
        holder.execute("LOCK TABLE submission IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


@pytest.fixture
def take(market: Market, sign_in: SignIn) -> Callable[..., object]:
    """Vera takes what waits."""
    waiting, visitor = market.awaiting(), sign_in(market.vera)
    return lambda **headers: visitor.post(f"/staff/review/{waiting.id}/take", headers=headers)


def test_a_person_reads_what_to_do_and_nothing_was_done(
    app: Flask, market: Market, take: Callable, others_hold_it: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "backoffice.web.outage"):
        answer = take()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert RUSSIAN in answer.text
    assert "nonce-" in answer.headers["Content-Security-Policy"]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "backoffice.web.outage"]
    assert line.startswith("database_busy: POST /staff/review/")


def test_a_script_gets_json_and_a_reader_of_english_english(take: Callable, others_hold_it: None) -> None:
    told = take(**{"Accept": "application/json", "Accept-Language": "en"})
    assert (told.status_code, told.json["reason"]) == (503, "database_busy")
    assert told.json["words"].startswith("The service is too busy")


@pytest.fixture
def gone(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database that nobody can open."""
    if request.param == "postgres":
        return f"postgresql://mlplace@/nothing?host={tmp_path}"
    (tmp_path / "folder.db").mkdir()
    return f"sqlite:///{tmp_path / 'folder.db'}"


@pytest.mark.parametrize("gone", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("made", [create_app, create_previews])
def test_a_database_that_does_not_answer_is_said_on_both_origins(
    made: Callable[[Settings], Flask], gone: str, tmp_path: Path
) -> None:
    app = made(Settings(var=tmp_path / "var", database_url=gone))
    browser = app.test_client()
    if made is create_app:
        with browser.session_transaction() as session:
            session.update({"_user_id": "somebody", "_fresh": True})
    answer = browser.get("/any/?left=1", headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "База данных не отвечает" in answer.text
    assert 'href="/any/?left=1"' in answer.text
    (look,) = re.findall(r'stylesheet" href="([^"]+)"', answer.text)
    with browser.get(look) as sheet:
        assert sheet.status_code == 200  # without the database, too


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_would_come_again_stays_an_error(database: Database) -> None:
    """PostgreSQL calls this a programming error; SQLite does not tell it from a locked file but by its code."""
    with pytest.raises(OperationalError) as caught:
        database.execute_sql("SELECT 1 FROM nowhere")
    assert trouble.of(caught.value) is None
