"""Reading an archive's config through the jail: the outside half of ``inside.py`` (A10, M6)."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backoffice.inspection import seccomp
from backoffice.inspection.sandbox import box, policy
from backoffice.inspection.sandbox.plan import Plan, Seen
from backoffice.inspection.sandbox.unpack import clear

PREFIX = "mlplace-try-"  # then the process that works with it
OUTPUT = 16 << 20  # bytes of a plan, at most


class NoJail(RuntimeError):  # noqa: N818
    """Untrusted bytes cannot be looked at on this machine; the text says what is missing."""


@contextmanager
def read(archive: Path, *, name: str) -> Iterator[tuple[Plan, Path]]:
    """The plan, and the folder with the unpacked archive, which goes when the block ends.

    ``NoJail`` when there is no jail. A reader that crashes, hangs or grows past its limits is a finding, never an exception.
    """
    lacking = box.missing()
    if lacking:
        raise NoJail(f"{lacking} is not installed")
    sweep()
    outer = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder = outer / "archive"
    try:
        folder.mkdir()
        outer.chmod(0o755)
        box.prepare(folder)
        yield _run(archive, name, folder), folder
    finally:
        clear(outer)


def sweep() -> None:
    """Private folders of workers that were killed go; those of living processes stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not Path(f"/proc/{owner}").exists() and folder.lstat().st_uid == os.geteuid():
                clear(folder)


def _run(archive: Path, name: str, folder: Path) -> Plan:
    limits = policy.limits()
    seconds = int(limits["archive_seconds"])
    with seccomp.outer_file() as fd:
        walls = box.Box(
            readable={"archive": archive.resolve()},
            writable=folder,
            memory=int(limits["archive_memory"]),
            seconds=seconds,
            file_bytes=int(limits["archive_bytes"]),
            filter_fd=fd,
        )
        command = box.boxed(box.python("backoffice.inspection.sandbox.inside", "/in/archive", name, "/out"), walls)
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False, pass_fds=(fd,)
            )
        except subprocess.TimeoutExpired:
            return Plan("archive", seen=[Seen("config.archive", name, None, {"detail": f"> {seconds} ⟦с|s⟧"})])
    if done.returncode == 0 and len(done.stdout) <= OUTPUT:
        return Plan.from_dict(json.loads(done.stdout))
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit {done.returncode}"]
    if "bwrap" in last[0]:
        raise NoJail(last[0])
    return Plan("archive", seen=[Seen("config.too_large", name, None, {"detail": last[0][:200]})])
