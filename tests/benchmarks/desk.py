"""What the lead's desk costs with a thousand submissions and with a million, 50,000 of them open; and that each number is that of its list.

    python -m tests.benchmarks.desk [--rows 1000000] [--open 50000] [--only sqlite|postgres]

The past reaches back three years in either case; weeks that are over, and what a day's forecast is learned from, have been counted once before, as
the schedule does. Pages show the present week and the forecast as they are kept: counting them anew is what the schedule pays for every five minutes.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from backoffice.store import queues, reports
from backoffice.store.reports import FIGURES
from backoffice.usecases import history, outlook, team
from backoffice.usecases.calendar_preview import effect
from backoffice.usecases.digest import moment
from tests.benchmarks.million import NOW, Filled, Parts, compared

TOMORROW = date(2026, 11, 27)
PAGES = (
    *(f"desk/{page}" for page in ("", "people", "history", "forecast", "list/overdue", "list/unassigned", "list/authors")),
    *("assign/spread", "calendar/", "desk/forecast?move=5&to={vera}"),
)


def parts(filled: Filled) -> Parts:
    """What is timed."""
    history.weeks(26, now=NOW)
    outlook.renew(now=NOW)
    at = moment(NOW)
    figures = reports.figures(at)
    wrong = {name: getattr(figures, name) for name in FIGURES if getattr(figures, name) != reports.rows(name, at).count()}
    if wrong:
        raise AssertionError(f"not the number of its rows: {wrong}")
    lida = filled.visitor(filled.office.lida)
    lists: Parts = {f"list of {name}": partial(queues.listed, reports.listing(name, at), filled.office.lida) for name in FIGURES}
    pages: Parts = {f"GET {page}": partial(lida.page, f"/staff/{page}".format(vera=filled.office.vera.id)) for page in PAGES}
    return {
        "figures": lambda: reports.figures(at),
        **lists,
        "weeks": lambda: history.weeks(26, now=NOW),
        "the present week anew": lambda: history.renew(now=NOW),
        "the forecast anew": lambda: outlook.renew(now=NOW),
        "preview of a changed day": lambda: effect(TOMORROW, "off", now=NOW),
        "loads": lambda: team.loads(now=NOW),
        **pages,
    }


if __name__ == "__main__":
    compared(parts, rounds=5)
