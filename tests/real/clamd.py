"""A real clamd with the bundled signatures, one for all tests, in a private folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.inspection import clamd_server


@pytest.fixture(scope="session")
def clamd() -> Iterator[str]:
    """Its address."""
    with tempfile.TemporaryDirectory(prefix="mlp-clamd-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # its own user must get in
        server = clamd_server.start(Path(folder), database=Path(folder) / "none")
        yield server.address
        server.stop()
