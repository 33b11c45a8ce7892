"""The product's own processes, as Procfile names them, on real Redis, SMTP and clamd, with a database of their own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from backoffice.wiring import Wiring
from config.settings import ROOT, Settings
from scripts.children import Child
from scripts.run import procfile
from scripts.services import path_with_tools
from tests.real.redis import Server as Redis
from tests.real.smtp import Server as Smtp


class Deployment:
    """Starts and kills processes by their Procfile names. The test's own thread is connected to the same database."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MLPLACE_")},
            "PATH": path_with_tools(),
            "MLPLACE_VAR": str(folder),
            "PYTHONWARNINGS": "ignore",
            **{f"MLPLACE_{name.upper()}": value for name, value in settings.items()},
        }
        self.wiring = Wiring(Settings(var=folder, **settings))
        self.commands = procfile(ROOT / "Procfile")
        self.running: list[Child] = []

    def start(self, name: str, **environment: str) -> Child:
        """One process of Procfile."""
        command = ["/bin/sh", "-c", f"exec {self.commands[name]}"]
        child = Child(name, command, environment=self.environment | environment, log=self.folder / "log", cwd=ROOT)
        child.start()
        self.running.append(child)
        return child

    def kill(self, child: Child) -> None:
        """SIGKILL to the process and all it started, as the kernel out of memory would."""
        assert child.process is not None
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self.running.remove(child)

    def stop(self) -> None:
        for child in self.running:
            if child.process is not None:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()


@pytest.fixture
def storage_url() -> str:
    """Where files lie: on the local disk, unless a module says otherwise."""
    return ""


@pytest.fixture
def deployment(
    database: Database, database_url: str, redis_server: Redis, smtp: Smtp, clamd: str, storage_url: str, tmp_path: Path
) -> Iterator[Deployment]:
    """Everything ready, nothing of ours running yet."""
    parts = {"redis_url": redis_server.url, "smtp_url": smtp.url, "clamd": clamd, "storage_url": storage_url}
    made = Deployment(tmp_path / "var", database_url=database_url, **parts)
    yield made
    made.stop()
    for log in sorted((made.folder / "log").glob("*.log")):
        sys.stdout.write(f"--- {log.name}\n{log.read_text()[-2000:]}\n")
