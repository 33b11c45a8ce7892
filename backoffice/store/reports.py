"""The lead's numbers, each with the rows it counts: a number and the list it opens share one condition (M9).

What is open costs what is open: every figure of now reads partial indexes of open submissions, however many closed ones there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Case, ModelSelect, fn

from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision
from backoffice.store.queues import waiting_for_authors

OPEN = "\"t1\".\"state\" IN ('checking', 'awaiting_review')"  # literal: SQLite matches partial indexes by text
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
    due = Submission.deadline_at
    return {
        "open": list,
        "overdue": lambda: [ticking, due <= moment.now],
        "due_soon": lambda: [ticking, due > moment.now, due <= moment.soon],
        "due_today": lambda: [ticking, due > moment.now, due <= moment.tomorrow],
        "unassigned": lambda: [SQL(AWAITING), Submission.assignee.is_null(), free],
        "checking": lambda: [SQL('"t1"."state" = \'checking\'')],
        "on_hold": lambda: [Submission.on_hold == True],  # noqa: E712
    }


def conditions(figure: str, moment: Moment) -> list[Any]:
    """What makes a submission one of those a figure counts. ``KeyError`` for a figure there is not."""
    if figure == "authors":
        return [*waiting_for_authors()]
    return [SQL(OPEN), *_conditions(moment)[figure]()]


def rows(figure: str, moment: Moment) -> ModelSelect:
    """Exactly the rows that a figure counts, the most urgent first. ``KeyError`` for a figure there is not."""
    order = Submission.decided_at if figure == "authors" else Submission.deadline_at
    return Submission.select().where(*conditions(figure, moment)).order_by(order, Submission.id)


def figures(moment: Moment) -> Figures:
    """All figures of now: one pass over what is open, and one count of what authors have."""
    sums = [
        fn.SUM(Case(None, [(_all(made()), 1)], 0)).alias(name) for name, made in _conditions(moment).items() if name != "open"
    ]
    row = Submission.select(fn.COUNT(Submission.id).alias("open"), *sums).where(SQL(OPEN)).dicts().get()
    return Figures(
        **{name: int(row[name] or 0) for name in FIGURES if name != "authors"}, authors=rows("authors", moment).count()
    )


def _all(conditions: Sequence[Any]) -> Any:
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = joined & condition if not isinstance(joined, SQL) else (SQL("1 = 1") & joined) & condition
    return joined


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
