"""The locked-down process in which untrusted bytes are parsed (M5): one fresh process per file, by bubblewrap.

It sees the interpreter, our package and its libraries, the one file (all read-only) and a private empty folder; no network, no other
process, no capability; uid nobody; resource limits; the system call filters of ``seccomp``. Whatever happens in it becomes an ``End``, never
an exception of the worker. Only a machine that cannot build the jail raises: ``NoJail``, and then nothing is examined at all.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO

from backoffice.inspection import frames, memory, seccomp

UPLOAD = "/in/upload"
SCRATCH = "/scratch"  # the one place where the jail can write: a folder on disk, wiped afterwards
ROOT = Path(__file__).resolve().parents[2]
_SEEN = ("backoffice/__init__.py", "backoffice/domain", "backoffice/inspection", "config/policies")
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/magic",
    "/etc/fonts",
    "/etc/catdocrc",
)
_PREFIX = "jail-"
_ERRORS_KEPT = 8192
_NOBODY = "65534"


class NoJail(Exception):  # noqa: N818  (there is none)
    """This machine cannot build the jail; the worker must not start."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds are of the wall clock; ``memory`` is address space in bytes, ``data`` what of it each process may have as memory of its own, touched
    or not, ``resident`` what all of them may hold together; ``file`` is the largest file the jail may write.
    """

    seconds: float
    memory: int = 2 << 30
    data: int = 1 << 30
    resident: int = 256 << 20
    file: int = 4 << 30
    processes: int = 256
    files: int = 256


@dataclass(frozen=True, slots=True)
class End:
    """How the jailed process ended. ``reason``: done, timeout, memory, crashed, output, or later (ours: try again); ``detail`` for people."""

    reason: str
    detail: str = ""


def run(
    module: str,
    *arguments: str,
    upload: Path,
    request: bytes,
    limits: Limits,
    hear: Callable[[Iterator[tuple[bytes, bytes]]], None],
    scratch: Path | None = None,
) -> End:
    """Run ``python -m module [arguments]`` in the jail over ``upload``; ``hear`` is given the frames it says. Blocks until it is over."""
    with (
        _private(scratch) as private,
        seccomp.outer_file() as filter_fd,
    ):
        child = subprocess.Popen(
            _command(module, *arguments, upload=upload, private=private, filter_fd=filter_fd),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(filter_fd,),
            preexec_fn=partial(_limit, limits, limits.processes + _own_threads()),  # noqa: PLW1509  (only setrlimit: takes no lock)
            bufsize=1 << 20,
        )
        return _attend(child, request, limits, hear)


@contextmanager
def _private(scratch: Path | None) -> Iterator[Path]:
    """The folder the jail may write to, locked while it is in use: what a killed worker leaves is not locked any more."""
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=scratch, ignore_cleanup_errors=True) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Path(name)
        finally:
            os.close(held)


def sweep(scratch: Path) -> int:
    """Remove what killed workers left in ``scratch``, up to gigabytes each; how many folders went. Those in use are left alone."""
    gone = 0
    for folder in scratch.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                gone += 1
            finally:
                os.close(held)
    return gone


def _attend(
    child: subprocess.Popen[bytes], request: bytes, limits: Limits, hear: Callable[[Iterator[tuple[bytes, bytes]]], None]
) -> End:
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise NoJail("no pipes")  # they were asked for; this is for the type checker
    late = threading.Event()

    def expire() -> None:
        late.set()
        child.kill()

    errors = _Tail(child.stderr)
    timer = threading.Timer(limits.seconds, expire)
    timer.start()
    watch = memory.Watch(child.pid, limits.resident, child.kill)
    try:
        with suppress(BrokenPipeError):
            child.stdin.write(request)
            child.stdin.close()
        garbled = _hear(child.stdout, hear)
        if garbled:
            child.kill()
        code = child.wait()
    finally:
        timer.cancel()
        watch.stop()
        child.kill()
        child.wait()
        child.stdout.close()
        text = errors.text()
    if late.is_set():
        return End("timeout", f"{limits.seconds:.0f}")
    if watch.exceeded:
        return End("memory", f"{watch.peak >> 20} MiB")
    if garbled:
        return End("output", garbled)
    return _end_of(code, text)


def _hear(pipe: IO[bytes], hear: Callable[[Iterator[tuple[bytes, bytes]]], None]) -> str:
    try:
        hear(frames.read(pipe))
    except (frames.Garbled, ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        return f"{type(problem).__name__}: {problem}"[:200]  # nonsense that only a parser in other hands would say
    return ""


def _end_of(code: int, errors: str) -> End:
    if code == 0:
        return End("done")
    number = -code if code < 0 else code - 128 if code > 128 else 0
    last = errors.strip().splitlines()[-1][:200] if errors.strip() else ""
    if errors.startswith("bwrap:"):
        raise NoJail(last)
    if code == frames.TRY_LATER:
        return End("later", last)
    if number == signal.SIGXCPU:
        return End("timeout", "CPU")
    if number == signal.SIGKILL or "MemoryError" in last or "Cannot allocate memory" in last or "bad_alloc" in errors:
        return End("memory", last)
    if number:
        return End("crashed", signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}")
    return End("crashed", last or f"exit {code}")


class _Tail:
    """Reads a pipe in a thread of its own and keeps its last bytes, so that the child never waits for us."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._kept = pipe, b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._pipe.fileno(), 65_536):
            self._kept = (self._kept + chunk)[-_ERRORS_KEPT:]

    def text(self) -> str:
        self._thread.join()
        self._pipe.close()
        return self._kept.decode("utf-8", "replace")


def _limit(limits: Limits, processes: int) -> None:
    """Between fork and exec: nothing but limits, and that the kernel without memory takes this process before any other."""
    with suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)
    seconds = int(limits.seconds * 2) + 1
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.file,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_DATA: limits.data,
        resource.RLIMIT_NPROC: processes,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901  (what we were given may already be lower)
        resource.setrlimit(kind, (most, most))


def _own_threads() -> int:
    """Threads of this user now: the limit on processes counts them too, so it stands above them.

    Root is never held by that limit, inside or out; ``seccomp.no_new_processes`` holds for everybody.
    """
    uid, count = os.getuid(), 0
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and folder.stat().st_uid == uid:
                count += len(list((folder / "task").iterdir()))
    return count


def _command(*module: str, upload: Path, private: Path, filter_fd: int) -> list[str]:
    isolation = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", _NOBODY, "--gid", _NOBODY]
    view = ["--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", *_read_only(_python_and_package())]  # noqa: S108  (the jail's own)
    view += ["--bind", str(private), SCRATCH, "--ro-bind", str(upload), UPLOAD]
    view += ["--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]  # noqa: S108
    environment = [part for name, value in _environment().items() for part in ("--setenv", name, value)]
    return [
        "bwrap", *isolation, *view, "--hostname", "jail", "--clearenv", *environment, "--seccomp", str(filter_fd), "--",
        sys.executable, "-B", "-s", "-m", *module,
    ]  # fmt: skip


def _environment() -> Mapping[str, str]:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        **single,
    }


@cache
def _python_and_package() -> tuple[str, ...]:
    """The folders the jail may read: the system's programs, this interpreter with its packages, and this package's own rooms."""
    seen = [path for path in _SYSTEM if Path(path).exists()]
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.prefix).resolve()), str(Path(sys.executable).resolve().parents[1])}
    seen += sorted(prefix for prefix in prefixes if not prefix.startswith("/usr"))
    return (*seen, *(str(ROOT / part) for part in _SEEN if (ROOT / part).exists()))


def _read_only(paths: Sequence[str]) -> list[str]:
    arguments: list[str] = []
    for path in paths:
        if Path(path).is_symlink() and path in ("/lib", "/lib64", "/bin", "/sbin"):
            arguments += ["--symlink", str(Path(path).readlink()), path]
        else:
            arguments += ["--ro-bind", path, path]
    return arguments


@cache
def ready() -> str:
    """bubblewrap's version, once a jail really was built here. ``NoJail`` otherwise: call it when a worker starts."""
    if shutil.which("bwrap") is None:
        raise NoJail("bubblewrap (bwrap) is not installed")
    if not seccomp.supported():
        raise NoJail("this machine's system call table is not known")
    if importlib.util.find_spec("backoffice.inspection.inside") is None:
        raise NoJail("backoffice.inspection.inside is missing")
    with seccomp.outer_file() as fd, tempfile.TemporaryDirectory() as private:  # not where others mount and unmount
        trial = _command("this", upload=Path("/dev/null"), private=Path(private), filter_fd=fd)
        done = subprocess.run(trial, pass_fds=(fd,), capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise NoJail(done.stderr.decode("utf-8", "replace").strip()[:500] or f"bwrap ended with {done.returncode}")
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, timeout=60, check=False)
    return version.stdout.strip().removeprefix("bubblewrap ")
