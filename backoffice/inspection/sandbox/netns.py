"""Looking into a container's network namespace from outside: its listening ports, its refused calls, and programs boxed inside it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backoffice.inspection.sandbox import box, cgroups
from backoffice.inspection.sandbox.probe import Answer

MEMORY = 1 << 30  # bytes for the prober or the browser
CLONE_NEWNET = 0x40000000
LISTEN = "0A"  # the kernel's number of the state


@dataclass(frozen=True, slots=True)
class Port:
    """A listening TCP port; ``loopback`` when only on 127.0.0.1 or ::1."""

    number: int
    loopback: bool


def listening(pid: int) -> list[Port]:
    """The listening ports of the namespace of ``pid``, from the kernel's own tables; empty when it is gone."""
    found: dict[int, bool] = {}
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
                local, state = row.split()[1], row.split()[3]
                if state == LISTEN:
                    address, _, port = local.partition(":")
                    found[int(port, 16)] = found.get(int(port, 16), True) and _loopback(address)
    return [Port(number, loopback) for number, loopback in sorted(found.items())]


def _loopback(address: str) -> bool:
    if len(address) == 8:
        return address.endswith("7F")
    return address == "00000000000000000000000001000000" or (
        address.startswith("0000000000000000FFFF0000") and address.endswith("7F")
    )


def refused(pid: int) -> int:
    """How often something in the namespace wanted to reach where there is no route (IPv4 and IPv6)."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        names, values = [row.split() for row in Path(f"/proc/{pid}/net/snmp").read_text().splitlines() if row.startswith("Ip:")]
        total += int(values[names.index("OutNoRoutes")])
    with contextlib.suppress(OSError, ValueError):
        rows = dict(row.split() for row in Path(f"/proc/{pid}/net/snmp6").read_text().splitlines())
        total += int(rows.get("Ip6OutNoRoutes", 0))
    return total


def listener(pid: int, address: tuple[str, int]) -> socket.socket:
    """A socket that listens in the namespace of ``pid``. A namespace belongs to a thread: one enters it, makes the socket and ends."""

    def make() -> socket.socket:
        with Path(f"/proc/{pid}/ns/net").open() as door:
            if ctypes.CDLL(None, use_errno=True).setns(door.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server(address)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make).result()


def inside(pid: int, command: list[str], walls: box.Box) -> list[str]:
    """The command line that runs a boxed program in the network namespace of ``pid``."""
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", *box.boxed(command, walls)]


@contextmanager
def started(
    command: list[str], *, pid: int, stdin: int = subprocess.DEVNULL, keep: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a group of its own, which ends with the block; it inherits the files ``keep``.

    It is held by the limits of the engine that ``pid`` belongs to: a hostile page must not eat the machine through our browser.
    """
    groups = cgroups.beside(pid, "mlplace-box", memory=MEMORY)
    process = subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, pass_fds=keep,
        preexec_fn=lambda: cgroups.enter(groups),  # noqa: PLW1509  (writes a number to files: takes no lock)
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def run(command: list[str], *, pid: int, seconds: float, most: int = 16 << 20) -> bytes | None:
    """Its output, or None when it failed, hung, or said more than ``most`` bytes."""
    with started(command, pid=pid) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        return said if process.returncode == 0 and len(said) <= most else None


def ask(pid: int, ports: list[int], *, seconds: float) -> list[Answer]:
    """Probe ports from inside, ``seconds`` for one request; what cannot be probed is left out."""
    walls = box.Box(network=True, memory=1 << 30, seconds=30)
    command = box.python("backoffice.inspection.sandbox.probe", str(seconds), *map(str, ports))
    said = run(inside(pid, command, walls), pid=pid, seconds=10 + 4 * seconds)
    with contextlib.suppress(ValueError, TypeError):
        return [Answer(**row) for row in json.loads(said or b"[]")]
    return []
