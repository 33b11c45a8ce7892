"""A Docker engine of our own for the tests: private folder, private socket, its own small disk, ended with the tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backoffice.inspection.sandbox import cgroups, holder, reading
from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox.client import connected
from scripts import base_image
from tests.real.needed import lacking

PREFIX = "mlp-eng-"  # then the process that works with it
DISK = 400 << 20  # bytes: a build that fills it fails soon


@dataclass(slots=True)
class RealEngine:
    """The engine and its client. ``base`` is an image with Python on it."""

    running: engines.Engine
    api: Any
    base: str

    @property
    def address(self) -> str:
        return self.running.address

    @property
    def group(self) -> str:
        """The name of its control group."""
        return engines._name(self.running.folder)

    def left(self) -> dict[str, list[str]]:
        """Everything on the engine besides the base image and the holder's, which stays."""
        from backoffice.inspection.sandbox.reaper import inventory

        stay = {self.base, holder.IMAGE}
        found = inventory(self.api)
        ids = {row["Id"] for row in self.api.images() if stay & set(row["RepoTags"] or [])}
        found["images"] = [name for name in found["images"] if name not in ids]
        found["names"] = [name for name in found["names"] if name not in stay]
        found["networks"] = [row["Name"] for row in self.api.networks() if row["Name"] not in ("host", "none", "bridge")]
        return {kind: names for kind, names in found.items() if names}

    def traces(self) -> dict[str, set[str]]:
        """What an attempt of this process could leave on the machine outside the engine's own lists: mounts, control groups, unpacked archives."""
        folder = self.running.folder
        mounts = {row.split()[4] for row in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in row}
        found = [path for group in cgroups.groups(self.group) for path in group.rglob("*/")]
        groups = {str(path) for path in found if path.name != "mlplace-box"}  # ours, for the prober and the browser
        ours = {str(path) for path in Path(tempfile.gettempdir()).glob(f"{reading.PREFIX}{os.getpid()}-*")}
        return {"mounts": mounts, "groups": groups, "folders": ours}


@contextmanager
def placed() -> Iterator[Path]:
    """A folder for engines and workers while the block runs. A run that was killed could not unmount its engine's disk: that goes first."""
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """End what is left of the engines of test runs that are over, by the number of the process in the folder's name."""
    for folder in Path("/tmp").glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and folder.lstat().st_uid == os.geteuid():
            engines.clean(folder)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(*, disk: int) -> Iterator[engines.Engine]:
    """An engine in a folder of its own while the block runs, or words; ``disk`` bytes bound all it stores."""
    with placed() as folder:
        try:
            running = engines.start(folder, disk=disk)
        except engines.NoEngine as error:
            lacking(f"no Docker engine can run here: {error}")
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def engine() -> Iterator[RealEngine]:
    """A running engine, or words."""
    with started(disk=DISK) as running, connected(running.address) as api:
        yield RealEngine(running, api, base_image.provide(api))
