"""What the sweep of the ladder costs beside the one indexed statement that selects what is due.

    python -m tests.benchmarks.sweep [--rows 1000000] [--open 50000] [--due 2000] [--only sqlite|postgres]

Prints JSON: the statement, the sweep while nothing is due, the sweep that fires, all in milliseconds; and the recomputation of every open deadline.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import date, timedelta

from backoffice.store.moderation import EscalationStep
from backoffice.usecases import escalate
from backoffice.usecases.policy_clock import change_day
from backoffice.usecases.recompute import recompute
from tests.benchmarks.million import LARGE, NOW, Filled, office_of, timed


def measured(filled: Filled) -> dict[str, float]:
    """Milliseconds, and how many fired."""
    before = NOW - timedelta(days=30)  # a moment at which nothing is due
    fired = EscalationStep.select().where(EscalationStep.skipped == 0)
    earlier = fired.count()
    report = {
        "statement_nothing_due_ms": timed(lambda: escalate.due(now=before), 200),
        "sweep_nothing_due_ms": timed(lambda: escalate.sweep(now=before), 200),
        "statement_all_due_ms": timed(lambda: escalate.due(now=NOW, limit=filled.size.due), 20),
        "sweep_fires_ms": timed(lambda: escalate.sweep(now=NOW)),
    }
    report["fired"] = fired.count() - earlier
    report["ratio_nothing_due"] = round(report["sweep_nothing_due_ms"] / report["statement_nothing_due_ms"], 2)
    report["fire_one_ms"] = round(report["sweep_fires_ms"] / max(report["fired"], 1), 2)
    change_day(date(2026, 11, 27), "off", reason="Замер", by=filled.office.zahar, now=NOW)
    report["recompute_ms"] = timed(lambda: recompute(now=NOW))
    return report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=LARGE.rows)
    parser.add_argument("--open", type=int, default=LARGE.open)
    parser.add_argument("--due", type=int, default=2_000)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    given = parser.parse_args()
    size = replace(LARGE, rows=given.rows, open=given.open, due=given.due)
    for kind in (given.only,) if given.only else ("sqlite", "postgres"):
        with office_of(size, kind) as filled:
            filled.step_in()
            print(json.dumps({kind: {"rows": size.rows, "open": size.open, **measured(filled)}}, indent=2), flush=True)


if __name__ == "__main__":
    main()
