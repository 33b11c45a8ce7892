"""A real image registry on loopback (Debian's docker-registry), in a private folder, ended with the tests."""

from __future__ import annotations

import contextlib
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.needed import free_port, program, serving

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/images}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


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
    with tempfile.TemporaryDirectory(prefix="mlp-reg-", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
        command = [program("docker-registry"), "serve", str(folder / "config.yml")]
        with serving(command, lambda: _answers(port), says=folder / "access.log"):
            yield Registry(f"127.0.0.1:{port}", folder / "access.log")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
        return True
    return False
