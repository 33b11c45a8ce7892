"""The whole product, started by the README's command's own supervisor in a private folder, and stopped with everything it started."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT
from scripts.children import die_with_parent
from tests.real.waiting import until

RUN = (sys.executable, "-m", "scripts.run")
_GREETING = re.compile(r"ML-Place работает: (http://127\.0\.0\.1:\d+)")
_PATIENCE = 300.0  # seconds for a start or a stop on a machine that does eight other things
_RUNNING: list[Product] = []
_TAIL = 3_000  # characters of each log that a failed test shows


class Product:
    """A running product: its address and its folder. ``said`` is the file with all that it told its terminal."""

    def __init__(self, var: Path, database_url: str, **settings: str) -> None:
        self.var, self.said = var, var / "terminal.log"
        self.environment = environment(var, database_url, **settings)
        self.process = begun(self.environment, self.said)
        _RUNNING.append(self)
        try:
            self.url = str(until(self._greeting, patience=_PATIENCE, about="the product's greeting"))
        except AssertionError as failure:
            self.stop()
            raise AssertionError(f"{failure}\n{self.logs()}") from None

    def _greeting(self) -> str:
        """The address, once the product has said that it runs."""
        said = self.said.read_text()
        assert self.process.poll() is None, f"the product did not start:\n{said}"
        found = _GREETING.search(said)
        return found[1] if found else ""

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernel ends its children with it
            raise AssertionError(f"the product did not stop:\n{self.logs()}") from None
        finally:
            _RUNNING.remove(self)

    def logs(self) -> str:
        """The ends of all that its processes wrote."""
        files = [self.said, *sorted((self.var / "log").glob("*.log"))]
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-_TAIL:]}" for file in files if file.exists())


def begun(environment: Mapping[str, str], said: Path) -> subprocess.Popen[bytes]:
    """The command of ``make run``, in a group of its own; ``said`` takes all that it tells its terminal."""
    with said.open("ab") as terminal:
        return subprocess.Popen(
            RUN, cwd=ROOT, env=environment, stdout=terminal, stderr=terminal, start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509  (one prctl)
        )  # fmt: skip


def environment(var: Path, database_url: str, **settings: str) -> dict[str, str]:
    """For processes that work in ``var``, with nothing of this terminal's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLPLACE_", "REDIS_URL"))}
    return kept | {
        "MLPLACE_VAR": str(var),
        "MLPLACE_DATABASE_URL": database_url,
        "MLPLACE_LANGUAGE": "ru",
        "MLPLACE_DEMO_IMAGE": "0",  # a download of its own for each product
        "MLPLACE_DEMO_PAST": "0",  # seconds for each, and more rows than a test can name
        "PYTHONUNBUFFERED": "1",
        **{f"MLPLACE_{name.upper()}": value for name, value in settings.items()},
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """A failed test shows what the products that ran beside it wrote: where the tests run, nothing else of them is kept."""
    report = yield
    if report.failed:
        report.sections += [(f"product in {product.var}", product.logs()) for product in _RUNNING]
    return report


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, clamd: str) -> Path:
    """A ``var`` with the demo in its SQLite, loaded once for all processes of this run: products are started on copies of it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    made = root / "loaded"
    with (root / "loaded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _load(root / "loading", clamd)
            (root / "loading").rename(made)
    return made


def _load(var: Path, clamd: str) -> None:
    shutil.rmtree(var, ignore_errors=True)
    command = [sys.executable, "-m", "scripts.prepare", "--demo"]
    subprocess.run(command, cwd=ROOT, env=environment(var, sqlite_in(var), clamd=clamd), check=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with its demo on either database: a copy of the loaded SQLite, or a PostgreSQL that it migrates and loads itself."""
    var = tmp_path_factory.mktemp("product")
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("loaded"), var, dirs_exist_ok=True)
        running = Product(var, sqlite_in(var))
    else:
        server = request.getfixturevalue("postgres")
        server.sql("CREATE DATABASE product")
        running = Product(var, server.url("product"))
    yield running
    running.stop()
    if request.param == "postgres":
        server.sql("DROP DATABASE product WITH (FORCE)")


def sqlite_in(var: Path) -> str:
    """The URL of the database in this folder."""
    return f"sqlite:///{var / 'backoffice.db'}"
