"""A bubblewrap box for our own trusted programs that look at untrusted things: the reader of configs, the prober and the browser.

Inside there is a read-only ``/usr``, this package, the Python it runs on, a fresh ``/tmp`` and nothing else of the host; no capability, an
unprivileged user, no network but the namespace the box is started in (``network=True``) or none at all.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NOBODY = 65534
PACKAGE = Path(__file__).resolve().parents[2]
ROOT = PACKAGE.parent
PYTHON = (
    "/usr" if sys.base_prefix == "/usr" else "/python"
)  # where the interpreter lies inside: its own place may be closed to nobody
SHARED = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/fonts",
    "/etc/alternatives",
    "/etc/chromium",
    "/etc/chromium.d",
)


@dataclass(frozen=True, slots=True)
class Box:
    """What one box may see and use. ``readable`` appears as ``/in/<key>``, ``writable`` as ``/out``; ``memory`` is bytes of address space."""

    readable: Mapping[str, Path] = field(default_factory=dict)
    writable: Path | None = None
    network: bool = False
    memory: int = 0
    seconds: int = 0  # of CPU
    file_bytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    filter_fd: int = -1  # a file with a system call filter; the caller passes it on (`seccomp.outer_file`)


def missing() -> str | None:
    """The program that is not installed, if any: without a box nothing untrusted is looked at."""
    return next((name for name in ("bwrap", "prlimit", "setpriv") if shutil.which(name) is None), None)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package inside a box."""
    return [f"{PYTHON}/bin/python{sys.version_info[0]}.{sys.version_info[1]}", "-B", "-s", "-m", module, *arguments]


def boxed(command: Sequence[str], box: Box) -> list[str]:
    """The command line that runs ``command`` inside the box. The caller limits its wall clock and kills its group."""
    filtered = ["--seccomp", str(box.filter_fd)] if box.filter_fd >= 0 else []
    return [*_limits(box), "bwrap", *_user(), *_view(box), *filtered, "--", *_drop(), *command]


def prepare(folder: Path) -> None:
    """Give a fresh private folder to the box's user, so that it can write there."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _limits(box: Box) -> list[str]:
    pairs = {"--as": box.memory, "--cpu": box.seconds, "--fsize": box.file_bytes}
    return ["prlimit", "--core=0", *[f"{name}={value}" for name, value in pairs.items() if value]]


def _user() -> list[str]:
    """Root keeps just enough to become nobody inside (`_drop`); anybody else gets a user namespace."""
    if os.geteuid() == 0:
        return ["--cap-drop", "ALL", *[part for name in ("SETUID", "SETGID", "SETPCAP") for part in ("--cap-add", f"CAP_{name}")]]
    return ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]


def _drop() -> list[str]:
    if os.geteuid() != 0:
        return []
    who = str(NOBODY)
    return [
        "setpriv",
        "--reuid",
        who,
        "--regid",
        who,
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]


def _view(box: Box) -> list[str]:
    view = [
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]
    view += [] if box.network else ["--unshare-net"]
    view += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        view += ["--symlink", f"usr/{name}", f"/{name}"]
    for shared in SHARED:
        view += ["--ro-bind-try", shared, shared]
    view += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", "--perms", "0777", "--dir", "/tmp/home"]  # noqa: S108
    view += [part for place in ("/app", "/in") for part in ("--perms", "0755", "--dir", place)]
    view += [] if PYTHON == "/usr" else ["--ro-bind", sys.base_prefix, PYTHON]
    view += ["--ro-bind", os.path.realpath(sys.prefix), "/venv"]
    view += ["--ro-bind", str(PACKAGE), "/app/backoffice", "--ro-bind", str(ROOT / "config"), "/app/config"]
    for key, path in box.readable.items():
        view += ["--ro-bind", str(path), f"/in/{key}"]
    view += ["--bind", str(box.writable), "/out"] if box.writable else []
    site = f"/venv/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    fixed = {
        "PATH": "/venv/bin:/usr/bin:/bin",
        "PYTHONPATH": f"/app:{site}",
        "PYTHONHOME": PYTHON,
        "HOME": "/tmp/home",  # noqa: S108  (inside the box)
        "LC_ALL": "C.UTF-8",
    }
    for name, value in {**fixed, **box.environment}.items():
        view += ["--setenv", name, value]
    return [*view, "--chdir", "/app"]
