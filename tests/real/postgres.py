"""A PostgreSQL server of our own: private folder, private socket, ended with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_PLENTY = 4 << 30  # bytes: room for the servers of all processes of a run, each with a write-ahead log of a gigabyte at most


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    return Path(on_path).parent


class Server:
    """Runs as another user when we are root: PostgreSQL refuses to be root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, _binaries()
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _run(self, *command: str) -> None:
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, env=environment, **who)

    def start(self, *, durable: bool = False) -> None:
        """``durable``: a commit waits for the disk, as it does in service. Tests need not."""
        data = str(self.folder / "data")
        self._run(str(self.bin / "initdb"), "-D", data, "-U", "mlplace", "--auth=trust", "--no-sync", "-E", "UTF8")
        fsync = "on" if durable else "off"
        options = f"-k {self.folder} -c listen_addresses= -c fsync={fsync} -c max_connections=200 -c unix_socket_permissions=0777"
        self._run(str(self.bin / "pg_ctl"), "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run(str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        """Of one database, through the private socket."""
        return f"postgresql://mlplace@/{name}?host={self.folder}"

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


def _quick_disk() -> str:
    """Memory, where there is plenty: a test's database is hundreds of files, and a disk takes five times as long to make them."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _PLENTY else "/tmp"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server, started when the first test needs it."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-pg-", dir=_quick_disk()))
    folder.chmod(0o755)
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
