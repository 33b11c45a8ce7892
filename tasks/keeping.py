"""Keeping the sandbox's engine clean and telling how it is: when its worker starts, and by the clock (M6)."""

from __future__ import annotations

import logging

from dramatiq import Broker, Middleware, Worker

from backoffice.inspection.sandbox import reading, reaper
from backoffice.inspection.sandbox.client import ENGINE_ERRORS, said
from backoffice.usecases import health
from backoffice.wiring import Wiring

QUEUE = "sandbox"
log = logging.getLogger(__name__)


def keep(wiring: Wiring) -> None:
    """What a killed attempt left on the engine or in the temporary folder goes, unless an attempt is running; then the health page is told.

    A disk that is nearly full is an alarm: in the log here, on the health page for staff.
    """
    reading.sweep()
    try:
        removed = reaper.reap(wiring.settings.engine)
    except ENGINE_ERRORS as error:
        log.error("the engine could not be cleaned: %s", said(error))
    else:
        if removed:
            log.warning("removed from the engine after a killed attempt: %s", ", ".join(removed))
    free = reaper.free_part(wiring.settings.engine)
    if free is not None and free < health.LOW:
        log.error("the engine's disk is nearly full: %.0f %% free", free * 100)
    health.note_sandbox(wiring.settings.redis_url, free)


class KeepsEngine(Middleware):
    """The sandbox's worker starts with a clean engine."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002  (dramatiq's signature)
        """Only where the sandbox's queue is served."""
        if not worker.consumer_whitelist or QUEUE in worker.consumer_whitelist:
            keep(self.wiring)
