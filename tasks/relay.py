"""The relay: the only sender. Leases due outbox rows after their commit and puts their ids on the queues."""

from __future__ import annotations

import logging
import signal
import threading

from dramatiq.errors import DramatiqError
from redis.exceptions import RedisError

from backoffice.clock import utcnow
from backoffice.store import outbox
from config.logging import configure
from tasks.broker import broker, wiring
from tasks.worker import ACTORS

log = logging.getLogger(__name__)
IDLE = 0.25  # seconds between looks at an empty outbox
SORE = 5.0  # seconds after the broker or the database was not there


def send_due() -> int:
    """Send what is due now; the count. A row whose sending fails stays leased and is due again when its lease runs out."""
    with wiring.database.connection_context():
        jobs = outbox.lease_due(now=utcnow())
        for position, job in enumerate(jobs):
            try:
                broker.enqueue(ACTORS[job.actor].message(job.id))
            except (DramatiqError, RedisError, OSError):
                outbox.unlease([left.id for left in jobs[position:]])
                raise
    return len(jobs)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    configure(wiring.settings.log_format)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    log.info("the relay runs")
    while not over.is_set():
        try:
            sent = send_due()
            pause = 0.0 if sent else IDLE
        except Exception:
            log.exception("the relay could not send")
            pause = SORE
        over.wait(pause)


if __name__ == "__main__":
    main()
