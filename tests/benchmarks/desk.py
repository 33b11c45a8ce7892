"""What the lead's desk costs with a thousand submissions and with a million, 50,000 of them open; and that each number is that of its list.

    python -m tests.benchmarks.desk [--rows 1000000] [--open 50000] [--only sqlite|postgres]

The past reaches back three years in either case; weeks that are over have been counted once before, as the morning job does.
"""

from __future__ import annotations

from functools import partial

from backoffice.store import queues, reports
from backoffice.store.reports import FIGURES
from backoffice.usecases import history, team
from backoffice.usecases.digest import moment
from tests.benchmarks.million import NOW, Filled, Parts, compared

PAGES = ("", "people", "history", "forecast", "list/overdue", "list/unassigned", "list/authors")


def parts(filled: Filled) -> Parts:
    """What is timed."""
    history.weeks(26, now=NOW)
    at = moment(NOW)
    figures = reports.figures(at)
    wrong = {name: getattr(figures, name) for name in FIGURES if getattr(figures, name) != reports.rows(name, at).count()}
    if wrong:
        raise AssertionError(f"not the number of its rows: {wrong}")
    lida = filled.visitor(filled.office.lida)
    lists: Parts = {f"list of {name}": partial(queues.listed, reports.listing(name, at), filled.office.lida) for name in FIGURES}
    pages: Parts = {f"GET {page or 'now'}": partial(lida.page, f"/staff/desk/{page}") for page in PAGES}
    return {
        "figures": lambda: reports.figures(at),
        **lists,
        "weeks": lambda: history.weeks(26, now=NOW),
        "loads": lambda: team.loads(now=NOW),
        **pages,
    }


if __name__ == "__main__":
    compared(parts, rounds=5)
