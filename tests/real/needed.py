"""What tests need of the machine. ``make test`` installs it; what it cannot (root, a package index) fails in CI, and is said elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from scripts.children import die_with_parent
from tests.real.waiting import until

_GRACE = 30.0  # seconds


def lacking(what: str) -> NoReturn:
    """This machine cannot run the test. In CI that is a failure: nobody would miss what was skipped."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def root() -> None:
    """For tests that mount a small disk or make control groups."""
    if os.geteuid() != 0:
        lacking("root is needed")


def program(name: str) -> str:
    """The path of a program of ``scripts/packages.txt``."""
    found = shutil.which(name)
    assert found, f"{name} is not installed: make setup"
    return found


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], answers: Callable[[], Any], *, says: Path = Path(os.devnull)) -> Iterator[None]:
    """A server while the block runs, which begins once it answers; ``says`` takes its standard output."""
    with says.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)  # noqa: PLW1509  (one prctl)
    try:
        until(lambda: _lives(process) and answers(), about=f"{command[0]} answers")
        yield
    finally:
        end(process)


def _lives(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"{process.args!r} ended with {process.returncode} instead of serving"
    return True


def end(process: subprocess.Popen[bytes]) -> None:
    """Asked to stop; made to, when it does not."""
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
