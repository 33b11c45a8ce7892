"""A scheduler of its own process: sweeps at each instant that it reads, and says so. The test kills it.

python -m tests.faults.sweeper DATABASE_URL
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime

from backoffice.store.database import open_database
from backoffice.usecases import escalate


class Telling(logging.Handler):
    """A line for each statement, so that the test can kill in the middle of a transaction."""

    def emit(self, record: logging.LogRecord) -> None:
        print("statement", flush=True)


def main() -> None:
    """One sweep for each line of standard input, which is the time."""
    database = open_database(sys.argv[1])
    statements = logging.getLogger("peewee")
    statements.addHandler(Telling())
    statements.setLevel(logging.DEBUG)
    statements.propagate = False
    with database.connection_context():
        for line in sys.stdin:
            escalate.sweep(now=datetime.fromisoformat(line.strip()))
            print("swept", flush=True)


if __name__ == "__main__":
    main()
