"""One running product for the journeys of a file: they share out what waits in its demo."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from backoffice.demo.players import PASSWORD
from tests.real.browser import Watched
from tests.real.product import Product, sqlite_in
from tests.real.waiting import until

Come = Callable[..., Watched]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, loaded: Path) -> Iterator[Product]:
    """The product with its demo, on SQLite. It has no sandbox: its trials would run beside every journey, and no journey looks at them."""
    var = tmp_path_factory.mktemp("shared")
    shutil.copytree(loaded, var, dirs_exist_ok=True)
    running = Product(var, sqlite_in(var), engine="")
    yield running
    running.stop()


@pytest.fixture
def come(shared: Product, browser: Browser) -> Iterator[Come]:
    """Somebody of the demo signs in at a browser of their own."""
    contexts = []

    def signed_in(key: str, **options: Any) -> Watched:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}, "locale": "ru-RU"} | options))
        contexts.append(context)
        watched = Watched(context)
        watched.sign_in(shared.url, f"{key}@mlplace.example", PASSWORD)
        return watched

    yield signed_in
    for context in contexts:
        context.close()


class Books:
    """The product's database, read and changed from outside, as time and other processes do."""

    def __init__(self, product: Product) -> None:
        self.path = product.var / "backoffice.db"

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            yield connection

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with self._opened() as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: Any) -> None:
        with self._opened() as connection:
            assert connection.execute(sql, values).rowcount > 0, sql

    def give(self, key: str, *, worst: str = "('pass', 'warn')") -> int:
        """A submission that could be published, the next one for this person; its id. ``worst``: the verdicts of its checks that will do."""
        found = until(
            lambda: self.rows(
                "SELECT id FROM submission WHERE state = 'awaiting_review' AND claimant_id IS NULL AND assignee_id IS NULL "
                f"AND on_hold = 0 AND infected = 0 AND worst_finding IN {worst} ORDER BY deadline_at LIMIT 1"
            ),
            about="a free submission of the demo that could be published",
        )
        who = self.rows("SELECT id FROM person WHERE email = ?", f"{key}@mlplace.example")[0][0]
        self.change("UPDATE submission SET assignee_id = ? WHERE id = ?", who, found[0][0])
        return int(found[0][0])


@pytest.fixture
def books(shared: Product) -> Books:
    return Books(shared)
