"""The board of the desk: a column for each moderator and one for what is free, each with its most urgent submissions (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.store import boards, queues
from backoffice.store.listings import Submission
from backoffice.store.queues import Listed, Watch
from backoffice.store.reports import Moment, rows
from backoffice.usecases.team import Load
from backoffice.web.staff import lines
from backoffice.web.staff.lines import Line

EACH = 6  # cards of a column


@dataclass(frozen=True, slots=True)
class Card:
    """One submission; ``barred`` are the ids of those who may not get it, for a conflict of interest."""

    line: Line
    barred: str


@dataclass(frozen=True, slots=True)
class Column:
    """Cards of one person, or of nobody when ``load`` is None; ``more`` are those that there is no room for."""

    load: Load | None
    cards: Sequence[Card]
    more: int


def columns(loads: Sequence[Load], seen: Watch) -> list[Column]:
    """What is free first, then everybody by name. A fixed number of queries."""
    tops = boards.tops(now=seen.now, each=EACH)
    wanted = [submission_id for ids in tops.values() for submission_id in ids]
    page = queues.listed(Listed([Submission.id.in_(wanted)], few=True), seen.person, limit=max(len(wanted), 1))
    known = {line.row.id: line for line in lines.lines(page, seen)}
    people = [load.person for load in loads]

    def cards(holder: int) -> list[Card]:
        found = [known[number] for number in tops.get(holder, ()) if number in known]
        return [Card(line, " ".join(str(each.id) for each in people if each.barred_from(line.row.author))) for line in found]

    free = rows("unassigned", Moment(seen.now, seen.now, seen.now)).count()
    shown = [Column(None, cards(boards.NOBODY), free), *(Column(load, cards(load.person.id), load.open) for load in loads)]
    return [Column(each.load, each.cards, max(each.more - len(each.cards), 0)) for each in shown]
