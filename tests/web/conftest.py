"""The pages under test: the whole application, people signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from backoffice.store.base import db
from backoffice.store.people import Person
from config.settings import Settings
from tests.usecases.market import Market
from tests.usecases.office import Office

SignIn = Callable[[Person], "Visitor"]


class Visitor(FlaskClient):
    """A browser of one person. After each request the test has its database connection again."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        answer.get_data()  # a streamed body is read while its context lives
        db.connect(reuse_if_open=True)
        return answer

    def sign_in(self, person: Person) -> Visitor:
        with self.session_transaction() as session:
            session.update({"_user_id": person.fs_uniquifier, "_fresh": True})
        db.connect(reuse_if_open=True)
        return self

    def page(self, path: str, **query: Any) -> str:
        """A page's text; it must be there."""
        answer = self.get(path, query_string=query or None)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
        return answer.text


@pytest.fixture
def previews_url() -> str:
    """Where the pages look for previews: nobody answers there, unless a file of tests says otherwise."""
    return "http://127.0.0.1:8001"


@pytest.fixture
def app(database_url: str, previews_url: str, tmp_path: Path) -> Iterator[Flask]:
    application = create_app(Settings(var=tmp_path / "var", database_url=database_url, previews_url=previews_url))
    application.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    application.test_client_class = Visitor
    opened: Database = application.extensions["wiring"].database
    opened.connect()
    yield application
    opened.close()
    if hasattr(opened, "close_all"):
        opened.close_all()


@pytest.fixture
def office(app: Flask) -> Office:
    return Office()


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    return lambda person: app.test_client().sign_in(person)  # type: ignore[attr-defined]


@pytest.fixture
def market(app: Flask) -> Market:
    """A marketplace whose submissions walk through the use cases."""
    return Market(app.extensions["wiring"])
