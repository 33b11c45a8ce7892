"""A real clamd for the tests of this room, one per session, in a private folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.inspection import clamd_server


@pytest.fixture(scope="session")
def clamd() -> Iterator[str]:
    """The address of a clamd with the bundled signatures only."""
    if clamd_server.installed() is None:
        pytest.skip("clamd is not installed")
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder:
        Path(folder).chmod(0o755)
        server = clamd_server.start(Path(folder), database=Path(folder))
        yield server.address
        server.stop()
