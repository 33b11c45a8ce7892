"""What the product stands on when it runs on one machine: a Redis, a mail catcher and ports, all of its own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from backoffice.cli.words import pick
from scripts.children import Child

HOST = "127.0.0.1"
LONGEST_SOCKET_FOLDER = 85  # characters: a socket's whole path has 107


class Missing(Exception):  # noqa: N818  (an answer, not a failure of ours)
    """Something is not installed; the text says what to do."""


def free_port(preferred: int, *, taken: frozenset[int] = frozenset()) -> int:
    """``preferred`` or the next one that nobody listens at."""
    for port in range(preferred, preferred + 200):
        if port in taken:
            continue
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    raise Missing(
        pick(
            ru=f"Порты {preferred}–{preferred + 199} заняты.",
            en=f"Ports {preferred} to {preferred + 199} are taken.",
        )
    )


def redis_server(var: Path, environment: Mapping[str, str], *, port: int) -> tuple[Child, str]:
    """A private Redis with its data in ``var/redis``, and its URL. The password is new with every start."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        raise Missing(
            pick(
                ru="Не найден redis-server. Установите его (make setup) или назовите свой: REDIS_URL=redis://…",
                en="redis-server was not found. Install it (make setup) or name yours: REDIS_URL=redis://…",
            )
        )
    folder = var / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(24)
    lines = {
        "bind": HOST,
        "port": port,
        "dir": f'"{folder}"',
        "requirepass": password,
        "appendonly": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "stop-writes-on-bgsave-error": "no",
    }
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    child = Child("redis", [binary, str(config)], environment=environment, log=var / "log", cwd=folder)
    return child, f"redis://:{password}@{HOST}:{port}/0"


def mail_catcher(var: Path, environment: Mapping[str, str], *, port: int, root: Path) -> tuple[Child, str]:
    """A real SMTP server that keeps letters in ``var/mail``, and its URL."""
    command = [sys.executable, "-m", "backoffice.delivery.catcher", HOST, str(port), str(var / "mail")]
    return Child("mail", command, environment=environment, log=var / "log", cwd=root), f"smtp://{HOST}:{port}"


def antivirus(var: Path, environment: Mapping[str, str], *, root: Path) -> tuple[Child, str]:
    """A private clamd, and its address."""
    folder = short(var / "clamd")
    command = [sys.executable, "-m", "scripts.antivirus", str(folder)]
    return Child("clamd", command, environment=environment, log=var / "log", cwd=root), f"unix:{folder / 'clamd.sock'}"


def docker_engine(var: Path, environment: Mapping[str, str], *, root: Path) -> tuple[Child, str]:
    """A private Docker engine for the sandbox, and its address."""
    folder = short(var / "engine")
    command = [sys.executable, "-m", "backoffice.inspection.sandbox.engine", str(folder)]
    child = Child("engine", command, environment=environment, log=var / "log", cwd=root, spare=True)
    return child, f"unix://{folder / 'docker.sock'}"


def short(folder: Path) -> Path:
    """The folder, or a twin of it under /tmp when sockets in it would have too long a path for the kernel. Others may enter, not list."""
    if len(str(folder)) > LONGEST_SOCKET_FOLDER:
        twin = Path(tempfile.gettempdir()) / f"mlplace-{hashlib.sha256(str(folder.parent).encode()).hexdigest()[:12]}"
        twin.mkdir(exist_ok=True, mode=0o711)
        if twin.is_symlink() or twin.stat().st_uid != os.geteuid():
            raise Missing(f"{twin}: {pick(ru='чужая папка', en='the folder belongs to somebody else')}")
        folder = twin / folder.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def answers(port: int) -> bool:
    """Whether somebody listens at a local port."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=0.5):
        return True
    return False


def path_with_tools() -> str:
    """PATH with our own tools first, and with the folders where Debian keeps daemons."""
    parts = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return os.pathsep.join(filter(None, parts))
