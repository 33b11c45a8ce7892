"""A real image registry on loopback (Debian's docker-registry), in a private folder, ended with the tests."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/images}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry. ``address`` is ``127.0.0.1:PORT``, as images name it."""

    address: str
    log: Path

    def asked(self) -> list[str]:
        """The requests it answered until now, a line each."""
        return self.log.read_text().splitlines()


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """One for all tests."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="mlp-reg-", dir="/tmp")), free_port()
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "access.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        yield Registry(f"127.0.0.1:{port}", folder / "access.log")
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int) -> None:
    until, pause = time.monotonic() + 30, threading.Event()
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
            return
        pause.wait(0.05)
    pytest.fail("docker-registry does not answer")
