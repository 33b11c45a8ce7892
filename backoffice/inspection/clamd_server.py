"""A private clamd: our limits, a socket in a folder of ours, gone with the process that started it. For ``make run``, tests and the command line.

Signatures: those of ``database`` (freshclam's folder) when it has any, always together with the bundled ``config/signatures``.
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backoffice.inspection import antivirus

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "config" / "clamd.conf"
BUNDLED = ROOT / "config" / "signatures"
SYSTEM_DATABASE = Path("/var/lib/clamav")
USER = "clamav"
START_SECONDS = 120.0  # loading 3 million signatures on a slow disk
_LONGEST_SOCKET = 100  # bytes of sun_path, with room to spare
DATABASES = ("*.cvd", "*.cld", "*.cud", "*.hdb", "*.hsb", "*.ndb", "*.ldb", "*.db", "*.mdb", "*.fp", "*.ign2", "*.yar")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class NoClamd(Exception):  # noqa: N818  (there is none)
    """clamd is not installed, or did not start; the message has its own last words."""


@dataclass(slots=True)
class Server:
    """A running clamd of ours."""

    address: str
    process: subprocess.Popen[bytes]
    folder: Path

    def stop(self) -> None:
        """End it and wait until it is gone; its temporary files go too."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)


def installed() -> str | None:
    """The binary's path, or None."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


def start(folder: Path, *, database: Path | None = None) -> Server:
    """Start clamd with everything it needs under ``folder`` and wait until it answers. ``NoClamd`` otherwise.

    What a killed predecessor left in its temporary folder (up to a gigabyte) is wiped first.
    """
    binary = installed()
    if binary is None:
        raise NoClamd("clamd is not installed")
    folder = folder.absolute()
    socket = folder / "clamd.sock"
    if len(str(socket)) > _LONGEST_SOCKET:
        raise NoClamd(f"the path of the socket is too long: {socket}")
    _prepare(folder, database or SYSTEM_DATABASE)
    with (folder / "clamd.err").open("wb") as errors:
        process = subprocess.Popen(
            [binary, "--config-file", str(folder / "clamd.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (one prctl: takes no lock)
        )
    server = Server(f"unix:{socket}", process, folder)
    _await(server)
    return server


def _prepare(folder: Path, database: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "db"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    (folder / "clamd.sock").unlink(missing_ok=True)
    for source in (database, BUNDLED):
        for pattern in DATABASES:
            for path in source.glob(pattern) if source.is_dir() else ():
                shutil.copy(path, folder / "db" / path.name) if source == BUNDLED else (folder / "db" / path.name).symlink_to(
                    path
                )
    user = _unprivileged(folder)
    values = {
        "socket": folder / "clamd.sock",
        "database": folder / "db",
        "temporary": folder / "tmp",
        "log": folder / "clamd.log",
        "user": f"User {user}" if user else "",
        "threads": max(4, (os.cpu_count() or 1) * 2),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    (folder / "clamd.conf").write_text(text, encoding="utf-8")


def _unprivileged(folder: Path) -> str:
    """The user clamd changes to when we are root; empty when we are not, or that user cannot reach the folder."""
    if os.geteuid() != 0:
        return ""
    try:
        uid, gid = pwd.getpwnam(USER).pw_uid, grp.getgrnam(USER).gr_gid
    except KeyError:
        return ""
    if any(not parent.stat().st_mode & 0o001 for parent in folder.parents):
        return ""
    for path in (folder, folder / "tmp", folder / "db", *(folder / "db").iterdir()):
        if not path.is_symlink():
            os.chown(path, uid, gid)
    return USER


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _await(server: Server) -> None:
    """Until it answers: its socket appears only once the signatures are loaded."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        with suppress(antivirus.Unscanned):
            antivirus.engine(server.address, timeout=2)
            return
        time.sleep(0.05)
    server.process.kill()
    server.process.wait()
    log = server.folder / "clamd.log"
    words = (server.folder / "clamd.err").read_text(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
    raise NoClamd((words.strip().splitlines() or ["clamd did not start"])[-1])
