"""A real SMTP server: the product's own mail catcher, on a port of the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backoffice.delivery import catcher
from scripts.services import listener


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and where its letters lie."""

    url: str
    folder: Path

    def letters(self) -> list[catcher.Caught]:
        return catcher.messages(self.folder)


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[Server]:
    """A running catcher with no letters."""
    listening = listener(18025)
    host, port = listening.getsockname()
    server = catcher.controller(listening, tmp_path / "mail")
    server.start()
    yield Server(f"smtp://{host}:{port}", tmp_path / "mail")
    server.stop()
