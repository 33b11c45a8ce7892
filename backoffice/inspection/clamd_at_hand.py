"""A clamd for the length of one command: the configured one when it answers, otherwise a private one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backoffice.inspection import antivirus, clamd_server


@contextmanager
def at_hand(address: str) -> Iterator[str]:
    """The address of a clamd that answers; ``clamd_server.NoClamd`` where none can be had."""
    try:
        antivirus.engine(address)
        yield address
        return
    except antivirus.Unscanned:
        pass
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder:
        Path(folder).chmod(0o755)  # clamd's own user must get in; its files are its own
        server = clamd_server.start(Path(folder))
        try:
            yield server.address
        finally:
            server.stop()
