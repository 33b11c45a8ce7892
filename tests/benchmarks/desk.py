"""What the lead's desk costs with a thousand submissions and with a million, 50,000 of them open; and that each number is that of its list.

    python -m tests.benchmarks.desk [--rows 1000000] [--open 50000] [--only sqlite|postgres]

The past reaches back three years in either case; weeks that are over, and what a day's forecast is learned from, have been counted once before, as
the schedule does. Pages show the present week and the forecast as they are kept: counting them anew is what the schedule pays for every five minutes.
Half of what waits on authors is in the archive. Of a CSV file, which is as long as its number, the lines a second and the memory are told.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import date
from functools import partial
from itertools import islice

from flask.testing import FlaskClient

from backoffice.store import queues, reports
from backoffice.store.listings import Submission
from backoffice.store.reports import FIGURES
from backoffice.usecases import history, outlook, team
from backoffice.usecases.calendar_preview import effect
from backoffice.usecases.digest import moment
from tests.benchmarks.million import NOW, Filled, Parts, compared

TOMORROW = date(2026, 11, 27)
BEGINNING = 1_500  # lines of a file
PAGES = (
    *("desk/history?weeks=52", "desk/archive"),
    *(f"desk/{page}" for page in ("", "people", "history", "forecast", "list/overdue", "list/unassigned", "list/authors")),
    *("assign/spread", "calendar/", "desk/forecast?move=5&to={vera}"),
)


def parts(filled: Filled) -> Parts:
    """What is timed."""
    archived()
    file(filled)
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


def archived() -> None:
    """The older half of what waits on authors."""
    waiting = Submission.select().where((Submission.state == "returned") & Submission.answered_at.is_null())
    older = waiting.order_by(Submission.id).limit(waiting.count() // 2)
    Submission.update(archived_at=NOW).where(Submission.id.in_([row.id for row in older])).execute()


def file(filled: Filled) -> None:
    """How fast the open submissions are sent as a CSV file, in our processor time; and what it holds in memory at most: early, and later on."""
    visitor = filled.visitor(filled.office.lida)
    lines = iter(FlaskClient.open(visitor, "/staff/desk/list/open.csv").response)  # a visitor's own reads it whole
    tracemalloc.start()
    sent, most = 0, []
    for count in (BEGINNING, 4 * BEGINNING):
        tracemalloc.reset_peak()
        sent += sum(1 for _ in islice(lines, count))
        most.append(round(tracemalloc.get_traced_memory()[1] / 1e6, 1))
    tracemalloc.stop()
    began = time.process_time()
    rest = sum(1 for _ in lines)
    rate = round(rest / (time.process_time() - began))
    print(json.dumps({"csv_lines": sent + rest, "lines_a_second": rate, "most_mb": most}), flush=True)
    filled.step_in()


if __name__ == "__main__":
    compared(parts, rounds=5)
