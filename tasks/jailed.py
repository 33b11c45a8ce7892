"""A worker that would open untrusted files refuses to start where it cannot build the jail (M5)."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from dramatiq import Broker, Middleware, Worker

from backoffice.inspection import jail

QUEUES = frozenset(("scans", "large_scans"))
NO_JAIL = 78  # EX_CONFIG of sysexits.h: trying again changes nothing until somebody repairs the machine
log = logging.getLogger(__name__)


class NeedsJail(Middleware):
    """Looks before a worker boots whether its queues need the jail, and builds one on trial.

    ``scratch`` is where jails have their private folders: what killed workers left there goes first.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002  (dramatiq's signature)
        """End the process with ``NO_JAIL`` when there is none; the whole process group stops with it."""
        if worker.consumer_whitelist and not QUEUES & worker.consumer_whitelist:
            return
        try:
            jail.ready()
            jail.sweep(self.scratch)
        except jail.NoJail as problem:
            log.critical("The jail cannot be built, so no file is looked at: %s", problem)
            sys.exit(NO_JAIL)
