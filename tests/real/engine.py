"""A Docker engine of our own for the tests: private folder, private socket, its own small disk, ended with the tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox.client import connected
from scripts import base_image

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

    def left(self) -> dict[str, list[str]]:
        """Everything on the engine besides the base image."""
        from backoffice.inspection.sandbox.reaper import inventory

        base = self.api.inspect_image(self.base)["Id"]
        found = inventory(self.api)
        found["images"] = [name for name in found["images"] if name != base]
        found["names"] = [name for name in found["names"] if name != self.base]
        found["networks"] = [row["Name"] for row in self.api.networks() if row["Name"] not in ("host", "none", "bridge")]
        return {kind: names for kind, names in found.items() if names}


@pytest.fixture(scope="session")
def engine() -> Iterator[RealEngine]:
    """A running engine. Without root there is none, and the tests say so; with root a failure to start fails in CI."""
    missing = engines.lacking()
    if missing:
        pytest.skip(f"no Docker engine can run here: {missing}")
    folder = Path(tempfile.mkdtemp(prefix="mlp-eng-", dir="/tmp"))
    try:
        try:
            running = engines.start(folder, disk=DISK)
        except engines.NoEngine as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"the Docker engine does not start here: {error}")
        try:
            with connected(running.address) as api:
                yield RealEngine(running, api, base_image.provide(api))
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
