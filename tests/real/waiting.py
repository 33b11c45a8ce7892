"""Waiting for something that another process or thread does, without sleeping longer than it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 120.0  # seconds on a machine that is busy with other things


def until(happened: Callable[[], Any], *, patience: float = PATIENCE, about: str = "") -> Any:
    """The first true answer; a failure with words when it does not come in time."""
    pause = threading.Event()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := happened():
            return answer
        pause.wait(0.02)
    raise AssertionError(f"did not happen in {patience} s: {about or happened}")
