"""The holder: a container that does nothing but own a network namespace, with nothing in it but loopback (M6).

What is built and what runs joins it. A boxed name server on its loopback refuses every lookup and remembers it (``witness.refusing``).
"""

from __future__ import annotations

import contextlib
import io
import logging
import platform
import re
import struct
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound
from docker.types import LogConfig

from backoffice.inspection.sandbox import netns, policy, resolver
from backoffice.inspection.sandbox.client import Infrastructure, Session, said

BAD_COMMAND = re.compile(  # what the runtime says when it is the config that cannot be started
    r"exec: \"|unable to find (user|group)|no matching entries in (passwd|group)|chdir to cwd|read-only file system|not a directory"
)
STARTS = 3  # tries
PIDS = 32  # its one program needs one; the runtime that begins it has threads, of which a limit of 4 now and then refused one
log = logging.getLogger(__name__)
IMAGE = "mlplace/holder:1"
HOSTNAME = "demo"
# mov eax, SYS_pause; syscall; jmp back
PAUSE = b"\xb8\x22\x00\x00\x00\x0f\x05\xeb\xf7"


@dataclass(frozen=True, slots=True)
class Holder:
    """A running holder. ``pid``, in our own process namespace, is the door to its network namespace."""

    container: str
    pid: int

    @property
    def network(self) -> str:
        """The network mode of whatever joins it."""
        return f"container:{self.container}"

    def attempts(self) -> int:
        """How often something in it called where there is no route."""
        return netns.refused(self.pid)


def _pause_program() -> bytes:
    """A program that sleeps for ever, as an ELF file of 129 bytes: the holder needs no image of anybody."""
    entry = 0x400078
    size = 0x78 + len(PAUSE)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000) + PAUSE


def provide(api: Any) -> None:
    """Put the holder's image on the engine, once."""
    with contextlib.suppress(ImageNotFound):
        api.inspect_image(IMAGE)
        return
    if platform.machine() != "x86_64":
        raise Infrastructure("no_engine", f"{platform.machine()}: x86_64 is needed")
    repository, _, tag = IMAGE.partition(":")
    api.import_image_from_data(_image(), repository=repository, tag=tag, changes=['CMD ["/pause"]'])


def _image() -> bytes:
    sink, program = io.BytesIO(), _pause_program()
    with tarfile.open(fileobj=sink, mode="w") as out:
        info = tarfile.TarInfo("pause")
        info.size, info.mode = len(program), 0o755
        out.addfile(info, io.BytesIO(program))
    return sink.getvalue()


def security() -> list[str]:
    """What every container of ours is held by."""
    return ["no-new-privileges:true", f"seccomp={policy.SECCOMP.read_text()}"]


def start(api: Any, container: str) -> None:
    """Start a container. A runtime that stumbles over its own control groups gets another try; ``APIError`` when that is not it."""
    for left in reversed(range(STARTS)):
        try:
            api.start(container)
            return
        except APIError as error:
            if not left or BAD_COMMAND.search(said(error)):
                raise
            log.warning("the engine could not start %s, which is tried again: %s", container[:12], said(error))


@contextmanager
def held(session: Session, hosts: Iterable[str]) -> Iterator[Holder]:
    """A holder while the block runs; ``hosts`` are further names of its loopback."""
    api = session.api
    names = dict.fromkeys([HOSTNAME, *hosts], "127.0.0.1")
    host = api.create_host_config(
        network_mode="none", read_only=True, cap_drop=["ALL"], security_opt=security(), mem_limit=16 << 20, memswap_limit=16 << 20,
        pids_limit=PIDS, ipc_mode="private", extra_hosts=names, dns=[resolver.ADDRESS[0]], dns_search=["."], dns_opt=["timeout:1", "attempts:1"],
        log_config=LogConfig(type="none"), runtime=session.terms.runtime or None,
    )  # fmt: skip
    made = api.create_container(IMAGE, host_config=host, labels=session.labels, name=f"{session.tag}-holder", hostname=HOSTNAME)
    try:
        start(api, made["Id"])
    except APIError as error:
        raise Infrastructure("engine_failed", said(error)) from error
    try:
        pid = int(api.inspect_container(made["Id"])["State"]["Pid"])
        if not Path(f"/proc/{pid}/ns/net").exists():
            raise Infrastructure("no_engine", "the engine must run on this machine")
        yield Holder(str(made["Id"]), pid)
    finally:
        with contextlib.suppress(APIError):
            api.kill(made["Id"])
