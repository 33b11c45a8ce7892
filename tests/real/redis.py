"""A real Redis of our own: private folder and socket, ended with the tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from scripts.children import die_with_parent
from scripts.services import answers
from tests.real.needed import end
from tests.real.waiting import until


class Server:
    """A running server. ``process`` can be stopped and continued by signals."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        binary = shutil.which("redis-server") or shutil.which("valkey-server")
        if binary is None:
            pytest.fail("Redis is not installed: apt-get install redis-server")
        options = f"--port 0 --unixsocket {self.socket} --dir {folder} --save '' --appendonly no --maxmemory-policy noeviction"
        command = [binary, *options.replace("''", "").split(" ")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)  # noqa: PLW1509  (one prctl)
        until(lambda: answers(self.socket))

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)


@pytest.fixture(scope="session")
def _redis() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="mlp-redis-", dir="/tmp") as folder:
        server = Server(Path(folder))
        yield server
        end(server.process)


@pytest.fixture
def redis_server(_redis: Server) -> Server:
    """An empty Redis."""
    with _redis.client() as client:
        client.flushall()
    return _redis
