"""One attempt at a time on an engine, and nothing left behind, also after the worker or the engine was killed (M6).

A lock file beside the engine's socket holds a journal: what was on the engine before the attempt. The kernel frees the lock when a worker
dies; whoever takes it next finds the journal, removes everything that is not in it, and starts from there. What carries an attempt's label goes
in any case, whatever became of the journal: without the lock nobody has an attempt. The engine must be ours alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from docker.errors import APIError

from backoffice.inspection.sandbox import holder
from backoffice.inspection.sandbox.client import ENGINE_ERRORS, LABEL, Infrastructure, connected, said

KINDS = ("containers", "volumes", "networks", "names", "images")  # in the order they can be removed
PATIENCE = 30.0  # seconds for what does not go at once: an image before those built on it, a container whose disk is still busy
PAUSE = 0.2  # seconds after a pass that removed nothing


def lock_path(address: str) -> Path:
    """The lock of an engine: beside its socket, or in the temporary folder when it has none here."""
    socket = Path(address.removeprefix("unix://"))
    if address.startswith("unix://") and socket.parent.is_dir():
        return socket.with_name(socket.name + ".lock")
    return Path(tempfile.gettempdir()) / f"mlplace-engine-{hashlib.sha256(address.encode()).hexdigest()[:16]}.lock"


@contextmanager
def alone(address: str, *, seconds: float) -> Iterator[Any]:
    """A client of an engine that nobody else of ours uses meanwhile. What the block makes there is gone afterwards."""
    with _locked(address, seconds) as journal, connected(address) as api:
        _sweep(api, journal)
        holder.provide(api)
        _write(journal, inventory(api))
        try:
            yield api
        finally:
            with contextlib.suppress(*ENGINE_ERRORS):  # an engine that is gone is swept when it is back
                _sweep(api, journal)


@contextmanager
def kept(address: str, *, seconds: float) -> Iterator[Any]:
    """A client for the engine's keepers: what they put there stays. Without this lock an attempt that runs meanwhile would remove it."""
    with _locked(address, seconds) as journal, connected(address) as api:
        _sweep(api, journal)
        yield api


def reap(address: str) -> list[str]:
    """Remove what a killed attempt left, if no attempt is running; what was removed."""
    try:
        with _locked(address, 0) as journal, connected(address, timeout=60) as api:
            return _sweep(api, journal)
    except Infrastructure:
        return []


def free_part(address: str) -> float | None:
    """How much of the engine's disk is free, from 0 to 1; None when it is away or elsewhere."""
    try:
        with connected(address, timeout=60) as api:
            usage = shutil.disk_usage(api.info()["DockerRootDir"])
    except (Infrastructure, *ENGINE_ERRORS):
        return None
    return usage.free / usage.total


@contextmanager
def _locked(address: str, seconds: float) -> Iterator[IO[str]]:
    if not address:
        raise Infrastructure("no_engine", "MLPLACE_ENGINE")
    until = time.monotonic() + seconds
    try:
        journal = lock_path(address).open("a+")
    except OSError as error:
        raise Infrastructure("no_engine", str(error)) from error
    with journal:
        while True:
            try:
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise Infrastructure("engine_failed", "busy") from error
                threading.Event().wait(0.2)
        yield journal


def inventory(api: Any, *, label: str = "") -> dict[str, list[str]]:
    """Everything on an engine (that carries a label), by kind: containers, volumes, networks, images (parents included) and what images are called.

    Names count: an image pulled under a new name may be one that was there already.
    """
    only = {"label": label} if label else {}
    images = api.images(all=True, filters=only)
    names = [name for row in images for name in [*(row["RepoTags"] or []), *(row["RepoDigests"] or [])] if "<none>" not in name]
    return {
        "containers": [row["Id"] for row in api.containers(all=True, filters=only)],
        "volumes": [row["Name"] for row in api.volumes(filters=only).get("Volumes") or []],
        "networks": [row["Id"] for row in api.networks(filters=only)],
        "images": [row["Id"] for row in images],
        "names": names,
    }


def _write(journal: IO[str], table: dict[str, list[str]] | None) -> None:
    journal.seek(0)
    journal.truncate()
    if table is not None:
        journal.write(json.dumps(table))
    journal.flush()


def _sweep(api: Any, journal: IO[str]) -> list[str]:
    """Remove what the journal does not know and what carries our label, and forget the journal. An engine error leaves it for the next."""
    journal.seek(0)
    text = journal.read()
    before = json.loads(text) if text else None
    removed: list[str] = []
    until = time.monotonic() + PATIENCE
    while left := _left(api, before):
        gone = [name for kind, name in left if _remove(api, kind, name)]
        removed += gone
        if time.monotonic() > until:
            raise APIError(f"not removed: {left[:5]}")
        if not gone:
            threading.Event().wait(PAUSE)
    _write(journal, None)
    return removed


def _left(api: Any, before: dict[str, list[str]] | None) -> list[tuple[str, str]]:
    now = inventory(api, label=LABEL)
    if before is not None:
        every = inventory(api)
        now = {kind: [name for name in every[kind] if name in now[kind] or name not in before[kind]] for kind in KINDS}
    return [(kind, name) for kind in KINDS for name in now[kind]]


def _remove(api: Any, kind: str, name: str) -> bool:
    actions = {
        "containers": lambda: api.remove_container(name, force=True, v=True),
        "volumes": lambda: api.remove_volume(name, force=True),
        "networks": lambda: api.remove_network(name),
        "names": lambda: api.remove_image(name, force=True),
        "images": lambda: api.remove_image(name, force=True),
    }
    try:
        actions[kind]()
    except APIError as error:
        return "no such" in said(error).lower()
    return True
