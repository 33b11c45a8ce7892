"""Programs that examiners may run inside the jail (7zz, catdoc), although the process that examines can start no process itself.

A helper is forked before the first untrusted byte is read. It runs only what stands in ``ALLOWED``, and each program it runs may not start
others. Outside the jail (tests of one examiner) the program is simply run.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from backoffice.inspection import seccomp

ALLOWED = {"7zz": "/usr/bin/7zz", "catdoc": "/usr/bin/catdoc"}
_ERRORS_KEPT = 4096
_helper: socket.socket | None = None


@dataclass(slots=True)
class Running:
    """A program at work: read ``output`` to its end, then ask ``wait`` for the exit code and what it said on standard error."""

    output: IO[bytes]
    _status: IO[bytes]

    def wait(self) -> tuple[int, str]:
        """The exit code (negative: a signal) and the first 4 KiB of standard error."""
        self.output.close()
        code, _, errors = self._status.read().partition(b"\n")
        self._status.close()
        return int(code or b"-9"), errors.decode("utf-8", "replace")


def run(program: str, *arguments: str) -> Running:
    """Start one of ``ALLOWED``. ``FileNotFoundError`` when the machine has not got it."""
    path = ALLOWED[program]
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(path)
    output, output_end = os.pipe()
    status, status_end = os.pipe()
    if _helper is None:
        threading.Thread(target=_serve_one, args=([path, *arguments], output_end, status_end), daemon=True).start()
    else:
        request = json.dumps([path, *arguments]).encode()
        socket.send_fds(_helper, [request], [output_end, status_end])
        os.close(output_end)
        os.close(status_end)
    return Running(os.fdopen(output, "rb", 1 << 20), os.fdopen(status, "rb"))


def start_helper() -> None:
    """Fork the helper; from now on ``run`` goes through it. Call it before threads and before anything untrusted is read."""
    global _helper  # noqa: PLW0603  (one helper per process, by design)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        with contextlib.suppress(BaseException):
            _serve(theirs)
        os._exit(0)
    theirs.close()
    _helper = ours


def _serve(requests: socket.socket) -> None:
    while True:
        request, fds, _, _ = socket.recv_fds(requests, 65_536, 2)
        if not request:
            return
        argv = json.loads(request)
        if argv[0] not in ALLOWED.values() or len(fds) != 2:
            return
        threading.Thread(target=_serve_one, args=(argv, *fds), daemon=True).start()


def _serve_one(argv: Sequence[str], output: int, status: int) -> None:
    filtered = seccomp.no_new_processes() if _helper is None and seccomp.supported() else b""
    with os.fdopen(status, "wb") as answer:
        program = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: seccomp.load(filtered)) if filtered else None,  # noqa: PLW1509  (loads a filter, takes no lock)
        )
        os.close(output)
        errors = program.stderr.read(_ERRORS_KEPT) if program.stderr else b""
        if program.stderr:
            while program.stderr.read(65_536):
                pass
            program.stderr.close()
        answer.write(b"%d\n" % program.wait() + errors)
