"""A real forward proxy on loopback (Debian's tinyproxy) that lets through to nothing but 127.0.0.1, ended with the tests."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.registry import free_port
from tests.real.waiting import until

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
    program = shutil.which("tinyproxy")
    if program is None:
        pytest.skip("tinyproxy is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="mlp-proxy-", dir="/tmp")), free_port()
    (folder / "config").write_text(CONFIG.format(folder=folder, port=port))
    (folder / "allowed").write_text(r"^127\.0\.0\.1$")
    process = subprocess.Popen([program, "-d", "-c", str(folder / "config")], stdout=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), about="tinyproxy listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
