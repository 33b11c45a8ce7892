"""A real forward proxy on loopback (Debian's tinyproxy) that lets through to nothing but 127.0.0.1, ended with the tests."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.needed import free_port, program, serving

CONFIG = """
Port {port}
Listen 127.0.0.1
Timeout 30
MaxClients 20
Allow 127.0.0.1
LogFile "{folder}/log"
Filter "{folder}/allowed"
FilterDefaultDeny Yes
FilterExtended On
"""


@pytest.fixture(scope="session")
def proxy() -> Iterator[str]:
    """Its address, as the policy's ``build_proxy`` names it."""
    with tempfile.TemporaryDirectory(prefix="mlp-proxy-", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        (folder / "config").write_text(CONFIG.format(folder=folder, port=port))
        (folder / "allowed").write_text(r"^127\.0\.0\.1$")
        with serving([program("tinyproxy"), "-d", "-c", str(folder / "config")], lambda: _listens(port)):
            yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
