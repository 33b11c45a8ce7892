"""A scheduler of its own process: sweeps minute after minute of simulated time, and says so. The test kills it.

python -m tests.faults.sweeper DATABASE_URL START MINUTES
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from backoffice.store.database import open_database
from backoffice.usecases import escalate


def main() -> None:
    """Sweep each minute once; a line before and after each, so that the test knows where it is."""
    url, start, minutes = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
    database = open_database(url)
    with database.connection_context():
        for minute in range(minutes + 1):
            print(f"begin {minute}", flush=True)
            escalate.sweep(now=start + timedelta(minutes=minute))
            print(f"end {minute}", flush=True)


if __name__ == "__main__":
    main()
