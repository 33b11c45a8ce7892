"""What every test can ask for."""

from __future__ import annotations

import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from backoffice.store.database import open_database, upgrade

pytest_plugins = [
    "tests.real.needed",
    "tests.real.postgres",
    "tests.real.redis",
    "tests.real.smtp",
    "tests.real.clamd",
    "tests.real.s3",
    "tests.real.engine",
    "tests.real.registry",
    "tests.real.proxy",
    "tests.real.deployment",
    "tests.real.product",
    "tests.real.browser",
]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Asked to stop, tests finish the one they are at and stop the servers they started; asked twice, they stop at once."""

    def stop(number: int, _frame: object) -> None:
        session.shouldstop = "told to stop"
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGTERM, stop)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the whole product in them first, then other slow ones: run in parallel, what comes last should be short."""
    weight: dict[Path, int] = {}
    for item in items:
        weight[item.path] = max(_weight(item), weight.get(item.path, 0))
    items.sort(key=lambda item: -weight[item.path])


def _weight(item: pytest.Item) -> int:
    if {"shared", "product"} & set(getattr(item, "fixturenames", ())):
        return 2
    return int(any(item.get_closest_marker(name) for name in ("slow", "engine", "browser")))


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close_all()  # the last connection to close copies the journal back
    return path


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: Any) -> str:
    postgres.sql("CREATE DATABASE migrated")
    database = open_database(postgres.url("migrated"))
    upgrade(database)
    database.close_all()
    return "migrated"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_migrated_sqlite"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server = request.getfixturevalue("postgres")
    template = request.getfixturevalue("_migrated_postgres")
    name = f"t{uuid.uuid4().hex}"
    server.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database, bound to the models and connected in this thread."""
    database = open_database(database_url)
    database.connect()
    yield database
    database.close()
    if hasattr(database, "close_all"):
        database.close_all()
