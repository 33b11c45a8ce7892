"""``make run`` as a person meets it: it starts, heals, gives way to what is there already, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.real.product import RUN, begun, environment, sqlite_in
from tests.real.waiting import until

pytestmark = [pytest.mark.redis, pytest.mark.clamd, pytest.mark.slow]
PATIENCE = 120.0


class Run:
    """One ``python -m scripts.run``, without demo and sandbox so that it starts in seconds."""

    def __init__(self, var: Path) -> None:
        self.var, self.log = var, Path(tempfile.mkstemp(suffix=".log", dir=var.parent)[1])
        self.environment = environment(var, sqlite_in(var), demo="0", engine="", language="en")
        self.process = begun(self.environment, self.log)

    def said(self, words: str) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        return words in self.log.read_text()

    def ready(self) -> str:
        until(lambda: self.said("ML-Place is running"), patience=PATIENCE, about="the greeting")
        return self.log.read_text().rpartition("is running: ")[2].split()[0]

    def pids(self, words: str = "") -> list[int]:
        """Living processes whose environment names our folder (all that we started, at any depth)."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                ours = f"MLPLACE_VAR={self.var}\0".encode() in (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if ours and command and words in command and int(entry.name) != self.process.pid:
                found.append(int(entry.name))
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def var() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mlp-run-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "var"


@pytest.fixture
def start() -> Iterator[Callable[[Path], Run]]:
    """Starts one; a test that fails leaves none."""
    started: list[Run] = []

    def run(var: Path) -> Run:
        started.append(Run(var))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.stop()


def _health(url: str) -> dict[str, str]:
    with urllib.request.urlopen(urllib.request.Request(f"{url}/health", headers={"accept": "*/*"}), timeout=20) as answer:
        return {part["name"]: part["state"] for part in json.load(answer)["parts"]}


@pytest.fixture
def squatter() -> Iterator[None]:
    """Somebody listens at the port we would like best (if not us, then another)."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others were served there a moment ago
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        yield


def test_two_that_start_at_once_have_an_address_each(var: Path, start: Callable[[Path], Run]) -> None:
    runs = [start(var), start(var.with_name("second"))]
    urls = [run.ready() for run in runs]
    assert len(set(urls)) == 2
    assert [_health(url)["database"] for url in urls] == ["ok", "ok"]
    assert not any("ended" in run.log.read_text() for run in runs)
    assert [run.stop() for run in runs] == [0, 0]


def test_it_starts_heals_stops_and_goes_on_where_it_was(var: Path, start: Callable[[Path], Run], squatter: None) -> None:
    run = start(var)
    url = run.ready()
    assert not url.endswith(":8000")
    health = _health(url)
    parts = ("database", "queue", "antivirus", "sandbox")
    assert [health[part] for part in parts] == ["ok", "ok", "warning", "warning"]
    database, key = (var / "backoffice.db").stat().st_ino, (var / "keys" / "secret").read_text()

    second = subprocess.run(RUN, cwd=ROOT, env=run.environment, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert url in second.stdout

    (relay,) = run.pids("tasks.relay")
    os.kill(relay, signal.SIGKILL)
    until(lambda: run.said("Process relay ended (code -9)"), about="words about the fallen relay")
    until(lambda: run.pids("tasks.relay"), about="another relay")

    assert run.stop(signal.SIGINT) == 0
    assert run.pids() == []

    again = start(var)
    again.ready()
    assert ((var / "backoffice.db").stat().st_ino, (var / "keys" / "secret").read_text()) == (database, key)
    assert len(again.pids()) >= 10
    assert again.stop(signal.SIGKILL) == -signal.SIGKILL  # the worst way to stop it
    until(lambda: not again.pids(), about="the kernel tells the children")
