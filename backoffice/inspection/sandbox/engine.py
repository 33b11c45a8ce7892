"""A Docker engine of our own: private folder, private socket, bounded disk, no network of its own (M6).

``python -m backoffice.inspection.sandbox.engine FOLDER`` runs one until SIGTERM. It needs root. What a killed engine left behind (mounts,
containerd, containers) is ended at the next start in the same folder and at the end, by process id.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backoffice.inspection.sandbox import cgroups, policy
from backoffice.inspection.sandbox.client import ENGINE_ERRORS, Infrastructure, connected

DAEMON = "/usr/sbin/dockerd"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # Debian's own docker-init, runc and containerd, whatever else is on PATH
READY = 60.0  # seconds
SOCKET = "docker.sock"
PR_SET_PDEATHSIG = 1


class NoEngine(RuntimeError):  # noqa: N818  (an answer about this machine)
    """No engine can run here; the text says what is missing."""


@dataclass(slots=True)
class Engine:
    """A running engine. ``bounded`` tells whether its disk is a filesystem of its own."""

    folder: Path
    process: subprocess.Popen[bytes]
    bounded: bool

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"unix://{self.folder / SOCKET}"

    def stop(self) -> None:
        """End it and everything it ran, and unmount its disk."""
        cgroups.end(_name(self.folder))
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        clean(self.folder)


def lacking() -> str | None:
    """What this machine lacks for an engine, in words; None when nothing."""
    if os.geteuid() != 0:
        return "root is needed"
    if not Path(DAEMON).exists():
        return f"{DAEMON} is not installed (package docker.io)"
    return next(
        (f"{name} is not installed" for name in ("mkfs.ext4", "mount", "nsenter") if not shutil.which(name, path=PATH)), None
    )


def start(folder: Path, *, disk: int | None = None) -> Engine:
    """Start an engine in ``folder`` and wait until it answers. ``disk`` bytes bound everything it stores. ``NoEngine`` with the reason."""
    missing = lacking()
    if missing:
        raise NoEngine(missing)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    clean(folder)
    bounded = _mount(folder, disk or int(policy.limits()["engine_disk"]))
    parent = cgroups.make(_name(folder), policy.limits())
    log = (folder / "engine.log").open("wb")
    mother = os.getpid()
    process = subprocess.Popen(
        _command(folder, parent), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        env={"PATH": PATH, "HOME": str(folder)}, preexec_fn=lambda: _die_with(mother),  # noqa: PLW1509  (prctl takes no lock)
    )  # fmt: skip
    log.close()
    engine = Engine(folder, process, bounded)
    try:
        _await(engine)
    except NoEngine:
        engine.stop()
        raise
    return engine


def _die_with(mother: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != mother:
        os._exit(1)


def _name(folder: Path) -> str:
    return "mlplace-" + hashlib.sha256(str(folder).encode()).hexdigest()[:10]


def _place(folder: Path) -> Path:
    """Where data and containers are mounted: here, or a twin under /tmp when the remapped users of containers may not pass through to here."""
    if all(path.stat().st_mode & 0o001 for path in folder.absolute().parents):
        return folder
    return Path(tempfile.gettempdir()) / _name(folder)


def _command(folder: Path, parent: str) -> list[str]:
    place = _place(folder)
    ulimit = int(policy.limits()["nofile"])
    return [
        DAEMON, "--data-root", str(place / "data"), "--exec-root", str(place / "exec"), "-H", f"unix://{folder / SOCKET}",
        "--pidfile", str(folder / "engine.pid"), "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
        "--ip-masq=false", "--userns-remap=default", "--no-new-privileges", f"--cgroup-parent={parent}",
        f"--default-ulimit=nofile={ulimit}:{ulimit}", f"--seccomp-profile={policy.SECCOMP}",
        "--log-level=warn", "--config-file", str(folder / "daemon.json"),
    ]  # fmt: skip


def _mount(folder: Path, size: int) -> bool:
    """A filesystem of its own on a sparse file, kept from start to start; a plain folder, unbounded, where loop devices are not allowed."""
    data = _place(folder) / "data"
    data.parent.mkdir(exist_ok=True, mode=0o711)
    if data.parent.stat().st_uid != os.geteuid():
        raise NoEngine(f"{data.parent} belongs to somebody else")
    data.mkdir(exist_ok=True)
    (folder / "daemon.json").write_text("{}")
    image = folder / "data.img"
    mount = ("mount", "-o", "loop,nosuid,nodev,discard", str(image), str(data))
    if image.exists() and image.stat().st_size == size and _quiet(*mount) == 0:
        return True
    image.unlink(missing_ok=True)
    with image.open("wb") as sink:
        sink.truncate(size)
    return _quiet("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", str(image)) == 0 and _quiet(*mount) == 0


def _quiet(*command: str) -> int:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": PATH}, check=False)
    return done.returncode


def _await(engine: Engine) -> None:
    until = time.monotonic() + READY
    pause = threading.Event()
    while time.monotonic() < until and engine.process.poll() is None:
        with contextlib.suppress(Infrastructure, *ENGINE_ERRORS), connected(engine.address, timeout=5) as api:
            api.ping()
            return
        pause.wait(0.05)
    tail = (engine.folder / "engine.log").read_text(errors="replace").strip().splitlines()[-1:]
    raise NoEngine(tail[0][:300] if tail else "dockerd did not answer")


def clean(folder: Path) -> None:
    """End what a previous engine of this folder left running, and unmount all it mounted."""
    parent = _name(folder)
    for pid in _processes(folder):
        _end(pid)
    cgroups.remove(parent)
    for place in _mounts(folder):
        if _quiet("umount", place) != 0:
            _quiet("umount", "-l", place)
    for name in ("engine.pid", SOCKET):
        (folder / name).unlink(missing_ok=True)
    home = _place(folder)
    for left in home.glob("exec*"):  # dockerd adds the remapped user's number to the name
        shutil.rmtree(left, ignore_errors=True)
    if home != folder:
        with contextlib.suppress(OSError):  # only empty folders: never what may still be mounted there
            (home / "data").rmdir()
            home.rmdir()


def _processes(folder: Path) -> list[int]:
    """dockerd, containerd and the shims of this folder: their command lines name it. Children come last."""
    found, ours = [], (f"{folder}/".encode(), f"{_place(folder)}/".encode())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                program = words[0].rpartition(b"/")[2]
                if program.startswith((b"dockerd", b"containerd")) and any(word.startswith(ours) for word in words):
                    found.append(int(entry.name))
    return sorted(found)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if _state(pid) == "Z":
            return
        threading.Event().wait(0.02)


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def _mounts(folder: Path) -> list[str]:
    rows = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return sorted((row for row in rows if row.startswith((f"{folder}/", f"{_place(folder)}/"))), reverse=True)


def serve(folder: Path, *, tell: Callable[[str], None] = print) -> int:
    """Run an engine until SIGTERM or SIGINT; 1 when it cannot run or falls over."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        engine = start(folder.absolute())
    except NoEngine as error:
        tell(str(error))
        return 1
    tell(engine.address)
    try:
        while not over.wait(0.5):
            if engine.process.poll() is not None:
                return 1
        return 0
    finally:
        engine.stop()


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
