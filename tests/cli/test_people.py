"""``flask people`` and ``flask demo accounts``: an account made on the terminal opens the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from backoffice.app import create_app
from backoffice.store.database import upgrade
from backoffice.store.people import Person
from config.settings import Settings


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings(var=tmp_path / "var", database_url=database_url))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    database = made.extensions["wiring"].database
    upgrade(database)
    yield made
    if hasattr(database, "close_all"):
        database.close_all()


@pytest.fixture
def terminal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskCliRunner:
    monkeypatch.setenv("MLPLACE_LANGUAGE", "en")
    return app.test_cli_runner()


def _run(terminal: FlaskCliRunner, *words: str) -> str:
    answer = terminal.invoke(args=["people", *words])
    assert answer.exit_code == 0, answer.output
    return answer.output


def _signs_in(app: Flask, email: str, password: str) -> bool:
    answer = app.test_client().post("/login", data={"email": email, "password": password})
    return answer.status_code == 302


def test_an_account_is_added_and_opens_the_pages(app: Flask, terminal: FlaskCliRunner) -> None:
    said = _run(terminal, "add", "Nina@Example.org", "--name", "Нина Корнеева", "--role", "admin")
    password = re.search(r"Password: (\S+)", said)
    assert password
    assert _signs_in(app, "nina@example.org", password[1])
    assert not _signs_in(app, "nina@example.org", "wrong-password")
    listed = _run(terminal, "list")
    assert "nina@example.org" in listed
    assert "admin" in listed


def test_an_address_is_taken_once(terminal: FlaskCliRunner) -> None:
    _run(terminal, "add", "a@example.org", "--name", "Анна")
    again = terminal.invoke(args=["people", "add", "A@example.org", "--name", "Другая"])
    assert again.exit_code == 1
    assert "there already" in again.output


def test_roles_and_password_are_changed(app: Flask, terminal: FlaskCliRunner) -> None:
    _run(terminal, "add", "a@example.org", "--name", "Анна", "--password", "the-first-one")
    _run(terminal, "roles", "a@example.org", "moderator", "lead")
    _run(terminal, "password", "a@example.org", "--password", "the-second-one")
    assert not _signs_in(app, "a@example.org", "the-first-one")
    assert _signs_in(app, "a@example.org", "the-second-one")
    with app.extensions["wiring"].database.connection_context():
        assert Person.get().role_names() == {"moderator", "lead"}


def test_nobody_of_that_address(terminal: FlaskCliRunner) -> None:
    answer = terminal.invoke(args=["people", "roles", "nobody@example.org", "lead"])
    assert answer.exit_code == 1
    assert "no such person" in answer.output


@pytest.mark.parametrize(("language", "word"), [("ru", "модератор"), ("en", "moderator")])
def test_the_demo_accounts_are_told_in_the_persons_language(
    app: Flask, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    monkeypatch.setenv("MLPLACE_LANGUAGE", language)
    answer = app.test_cli_runner().invoke(args=["demo", "accounts"])
    assert word in answer.output
    assert "mlplace-demo" in answer.output
