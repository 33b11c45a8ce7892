"""The lead's numbers, each with the rows it counts: a number and the list it opens share one condition (M9).

What is open costs what is open: every figure of now reads partial indexes of open submissions, however many closed ones there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Case, Expression, ModelSelect, fn

from backoffice.store import tally
from backoffice.store.base import db
from backoffice.store.listings import OPEN, Submission
from backoffice.store.moderation import Decision
from backoffice.store.queues import BY_TIME, Listed, all_of, waiting_for_authors
from backoffice.store.tally import due

AWAITING = '"t1"."state" = \'awaiting_review\''
FIGURES = ("open", "overdue", "due_soon", "due_today", "unassigned", "checking", "on_hold", "authors")


@dataclass(frozen=True, slots=True)
class Moment:
    """The instants that figures of now turn on: ``soon`` is 24 working hours ahead, ``tomorrow`` the coming midnight of the office."""

    now: datetime
    soon: datetime
    tomorrow: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """How many there are of each now; the names are those of ``FIGURES``."""

    open: int
    overdue: int
    due_soon: int
    due_today: int
    unassigned: int
    checking: int
    on_hold: int
    authors: int


@dataclass(frozen=True, slots=True)
class Span:
    """What happened between two instants. ``late`` counts decisions after the deadline, ``decided`` all of them."""

    submitted: int
    decided: int
    published: int
    returned: int
    rejected: int
    late: int


def _conditions(moment: Moment) -> dict[str, Callable[[], list[Any]]]:
    ticking = Submission.on_hold == False  # noqa: E712
    free = Submission.claimant.is_null() | (Submission.claim_expires_at <= moment.now)

    def within(since: datetime | None, until: datetime) -> list[Any]:
        ends = Expression(due(), "<=", Submission.deadline_at.db_value(until))
        return [ends] if since is None else [Expression(due(), ">", Submission.deadline_at.db_value(since)), ends]

    return {
        "open": list,
        "overdue": lambda: [ticking, *within(None, moment.now)],
        "due_soon": lambda: [ticking, *within(moment.now, moment.soon)],
        "due_today": lambda: [ticking, *within(moment.now, moment.tomorrow)],
        "unassigned": lambda: [SQL(AWAITING), Submission.assignee.is_null(), free],
        "checking": lambda: [SQL('"t1"."state" = \'checking\'')],
        "on_hold": lambda: [SQL('"t1"."on_hold"')],  # as the partial index has it
    }


def conditions(figure: str, moment: Moment) -> list[Any]:
    """What makes a submission one of those a figure counts. ``KeyError`` for a figure there is not."""
    if figure == "authors":
        return [*waiting_for_authors()]
    return [SQL(OPEN), *_conditions(moment)[figure]()]


def listing(figure: str, moment: Moment) -> Listed:
    """The list that a figure opens. ``KeyError`` for a figure there is not."""
    order, index = _LISTS.get(figure, (BY_TIME, "submission_by_time"))
    return Listed(conditions(figure, moment), order, index)


_LISTS = {"authors": ("authors", "submission_with_author"), "on_hold": (BY_TIME, "submission_held")}


def first(figure: str, moment: Moment, limit: int) -> list[int]:
    """Ids of the most urgent rows that a figure counts, read where their index begins."""
    return [int(row[0]) for row in db.execute_sql(*listing(figure, moment).ids(limit=limit)).fetchall()]


def rows(figure: str, moment: Moment) -> ModelSelect:
    """Exactly the rows that a figure counts, the most urgent first. ``KeyError`` for a figure there is not."""
    order = Submission.decided_at if figure == "authors" else Submission.deadline_at
    return Submission.select().where(*conditions(figure, moment)).order_by(order, Submission.id)


def figures(moment: Moment) -> Figures:
    """All figures of now. Nothing is counted: see ``tally``."""
    weight = SQL('"t1"."n"')
    sums = [
        fn.SUM(Case(None, [(all_of(made()), weight)], 0)).alias(name)
        for name, made in _conditions(moment).items()
        if name != "open"
    ]
    source = tally.weighed([moment.now, moment.soon, moment.tomorrow])
    row = Submission.select(fn.SUM(weight).alias("open"), *sums).from_(source).dicts().get()
    return Figures(**{name: int(row[name] or 0) for name in FIGURES if name != "authors"}, authors=tally.beside()["with_author"])


def span(since: datetime, until: datetime) -> Span:
    """What was submitted and decided in [since, until)."""
    made = (Decision.made_at >= since) & (Decision.made_at < until)
    kinds = [fn.SUM(Case(None, [(Decision.kind == kind, 1)], 0)).alias(kind) for kind in ("publish", "return", "reject")]
    late = fn.SUM(Case(None, [(Decision.made_at > Submission.deadline_at, 1)], 0)).alias("late")
    row = Decision.select(fn.COUNT(Decision.id).alias("n"), late, *kinds).join(Submission).where(made).dicts().get()
    submitted = Submission.select().where((Submission.submitted_at >= since) & (Submission.submitted_at < until)).count()
    return Span(
        submitted=submitted,
        decided=int(row["n"]),
        published=int(row["publish"] or 0),
        returned=int(row["return"] or 0),
        rejected=int(row["reject"] or 0),
        late=int(row["late"] or 0),
    )
