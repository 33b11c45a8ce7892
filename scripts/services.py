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


def listener(preferred: int) -> socket.socket:
    """A socket that listens at ``preferred`` or the next free port from now on: nobody else can take it before our web server is up."""
    while True:
        port = free_port(preferred)
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            held.bind((HOST, port))
            held.listen(1024)
            return held
        held.close()


def free_port(preferred: int) -> int:
    """``preferred`` or the next one that nobody listens at."""
    for port in range(preferred, preferred + 200):
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


def redis_server(var: Path, environment: Mapping[str, str]) -> tuple[Child, str, Path]:
    """A private Redis with its data in ``var/redis``, its URL and its socket: it has no port. The password is new with every start."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        raise Missing(
            pick(
                ru="Не найден redis-server. Установите его (make setup) или назовите свой: REDIS_URL=redis://…",
                en="redis-server was not found. Install it (make setup) or name yours: REDIS_URL=redis://…",
            )
        )
    folder = short(var / "redis")
    folder.chmod(0o700)
    listening = folder / "redis.sock"
    listening.unlink(missing_ok=True)
    password = secrets.token_urlsafe(24)
    lines = {
        "port": 0,
        "unixsocket": f'"{listening}"',
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
    return child, f"unix://:{password}@{listening}?db=0", listening


def mail_catcher(var: Path, environment: Mapping[str, str], *, held: socket.socket, root: Path) -> tuple[Child, str]:
    """A real SMTP server that keeps letters in ``var/mail``, behind a socket that listens already, and its URL."""
    command = [sys.executable, "-m", "backoffice.delivery.catcher", str(held.fileno()), str(var / "mail")]
    child = Child("mail", command, environment=environment, log=var / "log", cwd=root, inherits=[held.fileno()])
    return child, f"smtp://{HOST}:{held.getsockname()[1]}"


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


def jupyter_image(var: Path, environment: Mapping[str, str], *, root: Path) -> Child:
    """Puts Jupyter's image on the sandbox's engine, for the demo that stands on it; gently, beside everything else."""
    command = [
        "nice",
        "-n",
        "10",
        sys.executable,
        "-m",
        "scripts.jupyter_image",
        environment["MLPLACE_ENGINE"],
        str(var / "wheels"),
    ]
    return Child("jupyter-image", command, environment=environment, log=var / "log", cwd=root, once=True)


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


def answers(at: int | Path) -> bool:
    """Whether somebody listens at a local port or socket."""
    family, address = (socket.AF_UNIX, str(at)) if isinstance(at, Path) else (socket.AF_INET, (HOST, at))
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        probe.settimeout(0.5)
        probe.connect(address)
        return True
    return False


def path_with_tools() -> str:
    """PATH with our own tools first, and with the folders where Debian keeps daemons."""
    parts = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return os.pathsep.join(filter(None, parts))
