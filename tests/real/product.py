"""The whole product, started by the README's command's own supervisor in a private folder, and stopped with everything it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import ROOT

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Product:
    """A running product: its address and its folder."""

    def __init__(self, var: Path, database_url: str, **settings: str) -> None:
        self.var = var
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLPLACE_", "REDIS_URL"))}
        self.environment = environment | {
            "MLPLACE_VAR": str(var),
            "MLPLACE_DATABASE_URL": database_url,
            "MLPLACE_LANGUAGE": "ru",
            "MLPLACE_DEMO_IMAGE": "0",  # a download of its own for each product
            "PYTHONUNBUFFERED": "1",
            **{f"MLPLACE_{name.upper()}": value for name, value in settings.items()},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.url = self._greeting()

    def _greeting(self) -> str:
        """The address, once the product has said that it runs."""
        said = []
        assert self.process.stdout
        for line in self.process.stdout:
            said.append(line)
            if found := _ADDRESS.search(line):
                return found[0]
        raise AssertionError("the product did not start:\n" + "".join(said))

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Product]:
    """The product with the demo loaded, on either database."""
    running = Product(tmp_path_factory.mktemp("product"), database_url)
    yield running
    running.stop()
