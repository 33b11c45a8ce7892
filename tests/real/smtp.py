"""A real SMTP server: the product's own mail catcher, on a port of the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backoffice.delivery import catcher
from scripts.services import free_port


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
    port = free_port(18025)
    server = catcher.controller("127.0.0.1", port, tmp_path / "mail")
    server.start()
    yield Server(f"smtp://127.0.0.1:{port}", tmp_path / "mail")
    server.stop()
