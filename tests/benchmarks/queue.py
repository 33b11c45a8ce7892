"""What the queue costs with a thousand submissions and with a million, 50,000 of them open: each tab, its numbers, search, filters, whole pages.

    python -m tests.benchmarks.queue [--rows 1000000] [--open 50000] [--only sqlite|postgres]

Milliseconds, medians of five turns, on SQLite and on PostgreSQL; ``cpu_`` is processor time, the server's included.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle

from backoffice.store import queues
from backoffice.store.filters import Filters
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from backoffice.store.queues import TABS, Watch
from backoffice.usecases import claim
from tests.benchmarks.million import EVERYWHERE, HOUR, NOW, OFTEN, RARE, SELDOM, Filled, Parts, Size, compared

WORDS = {"everywhere": EVERYWHERE, "in_a_tenth": OFTEN, "in_a_thousandth": SELDOM, "in_twenty": RARE, "nowhere": "абракадабра"}


def parts(filled: Filled) -> Parts:
    """What is timed."""
    seen = vera_looks(filled)
    people = cycle(list(Person.select().where(Person.name.startswith("Модератор"))))
    taking = {"take_next": lambda: claim.take_next(person=next(people), now=NOW)}
    return {**_tabs(seen, filled.size), **_narrowed(seen), **_pages(filled), **taking}


def vera_looks(filled: Filled) -> Watch:
    """As a moderator does, two days ahead."""
    return Watch(person=filled.office.vera, now=NOW, today=NOW - 12 * HOUR, tomorrow=NOW + 12 * HOUR, horizon=NOW + 48 * HOUR)


def _tabs(seen: Watch, size: Size) -> Parts:
    """Each tab's first page, a page in its middle, and the numbers."""
    whole = Watch(person=seen.person, now=seen.now, today=seen.today, tomorrow=seen.tomorrow)
    parts: Parts = {tab: partial(queues.page, tab, seen, Filters()) for tab in TABS}
    for tab in ("free", "others", "checking", "authors", "today"):
        middle = queues.page(tab, whole, Filters(), limit=queues.numbers(whole, Filters()).tabs[tab] // 2).after
        parts[f"{tab}_deep"] = partial(queues.page, tab, whole, Filters(), cursor=middle)
    parts["all_deep"] = partial(queues.page, "all", seen, Filters(), cursor=str(size.rows // 2))
    parts["numbers"] = partial(queues.numbers, seen, Filters())
    parts["numbers_of_a_lead"] = partial(queues.numbers, whole, Filters())
    return parts


def _narrowed(seen: Watch) -> Parts:
    """Numbers under searches and filters: those that a page has at once, and those it asks for afterwards."""
    parts: Parts = {}
    for name, filters in _filters(seen).items():
        parts[f"{name}: numbers"] = partial(queues.numbers, seen, filters)
        parts[f"{name}: dear numbers"] = partial(queues.numbers, seen, filters, dear=True)
    return parts


def _filters(seen: Watch) -> dict[str, Filters]:
    industry = DictionaryValue.get(DictionaryValue.kind == "industry")
    author = Person.get(Person.name == "Автор 7")
    return {
        **{f"search {name}": Filters(q=word) for name, word in WORDS.items()},
        "search two words": Filters(q=f"{EVERYWHERE} {OFTEN}"),
        "industry": Filters(industry=industry.id),
        "author": Filters(author=author.id),
        "moderator": Filters(moderator=seen.person.id),
        "age": Filters(age=2),
        "outcome": Filters(outcome="reject"),
        "state": Filters(state="awaiting_review"),
        **{
            reason: Filters(reason=reason)
            for reason in ("overdue", "due_today", "escalated", "infected", "resubmission", "on_hold")
        },
        "industry and reason": Filters(industry=industry.id, reason="due_today"),
    }


def _pages(filled: Filled) -> Parts:
    """Whole answers of the product, rendered."""
    vera = filled.visitor(filled.office.vera)
    asked = {f"GET {tab}": {"tab": tab} for tab in TABS}
    for name, filters in _filters(vera_looks(filled)).items():
        asked |= {f"GET {tab}, {name}": {"tab": tab, **filters.given()} for tab in ("free", "all")}
    return {name: partial(vera.page, "/staff/queue/", **query) for name, query in asked.items()}


if __name__ == "__main__":
    compared(parts, rounds=5)
