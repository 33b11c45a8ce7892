"""The board of the desk: a column for each moderator and one for what is free, each with its most urgent submissions (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.store import boards, queues
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.store.queues import Listed, Watch
from backoffice.store.reports import Moment, figures
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
    people = {load.person.id: load.person for load in loads}
    tops = boards.tops(now=seen.now, each=EACH, holders=list(people))
    wanted = [submission_id for ids in tops.values() for submission_id in ids]
    page = queues.listed(Listed([Submission.id.in_(wanted)], few=True), seen.person, limit=max(len(wanted), 1))
    known = {line.row.id: line for line in lines.lines(page, seen)}
    barred: dict[tuple[int | None, str], str] = {}

    def who_may_not(author: Person) -> str:
        """Of all authors of a team who are not of the staff the same people are barred."""
        key = (author.id if author.id in people else None, author.team)
        if key not in barred:
            barred[key] = " ".join(str(each.id) for each in people.values() if each.barred_from(author))
        return barred[key]

    def cards(holder: int) -> list[Card]:
        found = [known[number] for number in tops.get(holder, ()) if number in known]
        return [Card(line, who_may_not(line.row.author)) for line in found]

    free = figures(Moment(seen.now, seen.now, seen.now)).unassigned
    shown = [Column(None, cards(boards.NOBODY), free), *(Column(load, cards(load.person.id), load.open) for load in loads)]
    return [Column(each.load, each.cards, max(each.more - len(each.cards), 0)) for each in shown]
