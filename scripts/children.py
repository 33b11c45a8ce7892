"""Child processes that never outlive us: each in a group of its own, ended by the kernel when we are killed, swept up when we leave."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 45.0  # seconds between SIGTERM and SIGKILL
TRIES = 3  # of a spare child
SOUND = 60.0  # seconds alive after which a crash is a new one
PAUSES = (0.5, 1, 2, 5, 10, 30)  # seconds before a crashed child is started again
LARGEST_LOG = 8 * 1024 * 1024  # bytes; a longer one is put aside at start
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """What our children leave behind becomes ours, so that we can end it."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """The kernel sends us ``number`` when the thread that started us is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


class Child:
    """One process with its log. ``start`` must be called from the main thread: the kernel watches the thread, not the process."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        cwd: Path,
        spare: bool = False,
        inherits: Sequence[int] = (),
        once: bool = False,
    ) -> None:
        """``spare``: the product does without it, so it is not started again for ever. ``once``: it does its work and ends.

        ``inherits``: open files it gets from us.
        """
        self.spare, self.once, self.inherits = spare, once, tuple(inherits)
        self.name, self.command, self.environment, self.cwd = name, list(command), dict(environment), cwd
        self.log = log / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.crashes, self.started_at, self.due_at = 0, 0.0, 0.0

    def start(self) -> None:
        """Start it, appending to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent()
            if os.getppid() != parent:
                os._exit(1)

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.inherits,
                preexec_fn=prepare,  # noqa: PLW1509  (the main thread alone forks)
            )
        self.started_at = time.monotonic()

    def crashed(self) -> int | None:
        """Its exit code when it ended by itself; it is then due to be started again after a pause."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.crashes = 1 if time.monotonic() - self.started_at > SOUND else self.crashes + 1
        self.due_at = time.monotonic() + PAUSES[min(self.crashes, len(PAUSES)) - 1]
        self._kill_group()
        self.process = None
        return code

    @property
    def given_up(self) -> bool:
        """A spare child that keeps falling is let be, and one that was to run once."""
        return (self.spare and self.crashes >= TRIES) or (self.once and self.crashes > 0)

    def restart_if_due(self) -> None:
        """Start it again once its pause is over."""
        if self.process is None and not self.given_up and time.monotonic() >= self.due_at:
            self.start()

    def terminate(self) -> None:
        """Ask it to stop."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end up to the monotonic instant ``until``, then end its whole group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, until - time.monotonic()))
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(f"    {line}" for line in self.log.read_text(errors="replace").splitlines()[-lines:])


def stop(children: Sequence[Child]) -> None:
    """Ask all to stop, wait for them together, then end what does not."""
    for child in children:
        child.terminate()
    until = time.monotonic() + PATIENCE
    for child in children:
        child.wait(until)


def sweep_orphans() -> list[int]:
    """End what still is a child of ours (grandchildren included, since we adopt orphans); the process ids."""
    ended = []
    for _ in range(10):
        found = _own_children()
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        ended += found
        if not found:
            break
    return ended


def bury(known: Iterable[Child]) -> None:
    """Collect the exit codes of orphans that came to us and are over; those of ``known`` children are theirs to collect."""
    ours = {child.process.pid for child in known if child.process}
    for pid in _own_children():
        if pid not in ours and _is_over(pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _is_over(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _own_children() -> list[int]:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []
