"""What the queue shows: its tabs, their numbers and their rows. A fixed number of queries, however many rows there are.

The order is that of «Взять следующую»: raised priority first, then the earliest deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Case, Expression, ModelSelect, SqliteDatabase, Value, fn

from backoffice.domain.priority import Reason
from backoffice.domain.states import UNDER_MODERATION
from backoffice.store import search
from backoffice.store.base import db
from backoffice.store.listings import DictionaryValue, Submission, SubmissionValue
from backoffice.store.moderation import EscalationStep, ReviewDraft, Skip
from backoffice.store.people import Person

TABS = ("mine", "free", "others", "checking", "authors", "today", "all")
OPEN_TABS = ("mine", "free", "others", "checking")
BY_TIME = "by_time"  # the order of a list that is no tab
PAGE = 50
_FAR = "9999-12-31 00:00:00.000000+00:00"
_OPEN = "\"t1\".\"state\" IN ('checking', 'awaiting_review')"  # literal: SQLite matches partial indexes by text


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks, and when. ``horizon`` leaves out what is due later; ``today`` is the last midnight of the office, ``tomorrow`` the next."""

    person: Person
    now: datetime
    today: datetime
    tomorrow: datetime
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the queue down; empty means everything."""

    q: str = ""
    reason: str = ""
    industry: int | None = None
    technology: int | None = None
    effect: int | None = None
    author: int | None = None
    moderator: int | None = None
    age: int | None = None  # submitted at least so many days ago
    outcome: str = ""  # pass | warn | reject | error
    state: str = ""

    def given(self) -> dict[str, str]:
        """Those that are set, as they stand in the URL."""
        return {name: str(getattr(self, name)) for name in self.__slots__ if getattr(self, name) not in ("", None)}


@dataclass(slots=True)
class Page:
    """Rows of one tab, and the cursor of the next page (None on the last)."""

    rows: list[Submission]
    after: str | None
    values: dict[int, list[str]] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    drafts: set[int] = field(default_factory=set)
    skips: dict[int, str] = field(default_factory=dict)


def _live(now: datetime) -> Expression:
    return Submission.claimant.is_null(False) & (Submission.claim_expires_at > now)


def _mine(watch: Watch) -> Expression:
    held = _live(watch.now) & (Submission.claimant == watch.person)
    given = (Submission.assignee == watch.person) & ~_live_other(watch)
    return fn.COALESCE(held | given, False)


def _live_other(watch: Watch) -> Expression:
    return fn.COALESCE(_live(watch.now) & (Submission.claimant != watch.person), False)


def _free(watch: Watch) -> Expression:
    unclaimed = Submission.claimant.is_null() | (Submission.claim_expires_at <= watch.now)
    return unclaimed & Submission.assignee.is_null()


def _in_tab(tab: str, watch: Watch) -> list[Any]:
    awaiting = [SQL(_OPEN), SQL('"t1"."state" = \'awaiting_review\'')]
    conditions: dict[str, Callable[[], list[Any]]] = {
        "mine": lambda: [*awaiting, _mine(watch)],
        "free": lambda: [*awaiting, _free(watch)],
        "others": lambda: [*awaiting, ~_mine(watch), ~_free(watch)],
        "checking": lambda: [SQL(_OPEN), SQL('"t1"."state" = \'checking\'')],
        "authors": waiting_for_authors,
        "today": lambda: [Submission.decided_at >= watch.today, Submission.state != "withdrawn"],
        "all": lambda: [Submission.submitted_at.is_null(False)],
    }
    found = conditions[tab]()
    if tab in ("free", "others") and watch.horizon:
        found.append(Submission.deadline_at.is_null() | (Submission.deadline_at <= watch.horizon))
    return found


def waiting_for_authors() -> list[Any]:
    """Returned, not archived, and the author has not sent a newer version of the listing."""
    indexed = (
        '"t1"."state" = \'returned\' AND "t1"."answered_at" IS NULL AND "t1"."archived_at" IS NULL'  # as the partial index has it
    )
    return [SQL(indexed), _no_newer()]


def _no_newer() -> Expression:
    newer = Submission.alias("newer")
    later = newer.select(SQL("1")).where(
        (newer.listing == Submission.listing) & (newer.number > Submission.number) & (newer.state != "draft")
    )
    return ~fn.EXISTS(later)


def _filtered(filters: Filters, watch: Watch) -> list[Any]:
    found: list[Any] = []
    if filters.q.strip():
        condition = search.matching(filters.q)
        number = filters.q.strip().lstrip("№# ")
        if number.isdecimal() and len(number) < 10:
            condition = (Submission.id == int(number)) | condition if condition else (Submission.id == int(number))
        found.append(condition if condition is not None else SQL("1 = 0"))
    for name in ("industry", "technology", "effect"):
        if value := getattr(filters, name):
            picked = SubmissionValue.select(SubmissionValue.submission).where(SubmissionValue.value == value)
            found.append(Submission.id.in_(picked))
    if filters.author:
        found.append(Submission.author == filters.author)
    if filters.moderator:
        found.append((Submission.assignee == filters.moderator) | (Submission.claimant == filters.moderator))
    if filters.age:
        found.append(Submission.submitted_at <= watch.now - timedelta(days=filters.age))
    if filters.outcome:
        found.append(Submission.worst_finding == filters.outcome)
    if filters.state:
        found.append(Submission.state == filters.state)
    if filters.reason:
        found.append(_because(filters.reason, watch))
    return found


def _because(reason: str, watch: Watch) -> Any:
    ticking = Submission.on_hold == False  # noqa: E712
    conditions = {
        Reason.OVERDUE: ticking & (Submission.deadline_at <= watch.now),
        Reason.DUE_TODAY: ticking & (Submission.deadline_at > watch.now) & (Submission.deadline_at <= watch.tomorrow),
        Reason.ESCALATED: Submission.id.in_(EscalationStep.select(EscalationStep.submission)),
        Reason.INFECTED: Submission.infected == True,  # noqa: E712
        Reason.REJECTING: (Submission.worst_finding == "reject") & (Submission.infected == False),  # noqa: E712
        Reason.CHECK_FAILED: Submission.worst_finding == "error",
        Reason.RESUBMISSION: Submission.number > 1,
        Reason.ON_HOLD: Submission.on_hold == True,  # noqa: E712
        Reason.OVERRIDDEN: Submission.deadline_override == True,  # noqa: E712
        Reason.PROVISIONAL: Submission.deadline_provisional == True,  # noqa: E712
    }
    return {str(name): condition for name, condition in conditions.items()}.get(reason, SQL("1 = 0"))


def counts(watch: Watch, filters: Filters) -> dict[str, int]:
    """The number of rows of every tab: one pass over the open ones, and one count for each of the others."""
    narrowed = _filtered(filters, watch)
    sums = [fn.SUM(Case(None, [(_all_of(_in_tab(tab, watch)), 1)], 0)).alias(tab) for tab in OPEN_TABS]
    row = Submission.select(*sums).where(SQL(_OPEN), *narrowed).dicts().get()
    result = {tab: int(row[tab] or 0) for tab in OPEN_TABS}
    for tab in ("authors", "today", "all"):
        result[tab] = Submission.select().where(*_in_tab(tab, watch), *narrowed).count()
    return result


def later(watch: Watch, filters: Filters) -> int:
    """How many free and others' submissions the horizon leaves out."""
    if watch.horizon is None:
        return 0
    beyond = Submission.select().where(
        SQL(_OPEN),
        SQL('"t1"."state" = \'awaiting_review\''),
        ~_mine(watch),
        Submission.deadline_at > watch.horizon,
        *_filtered(filters, watch),
    )
    return int(beyond.count())


def _all_of(conditions: Sequence[Any]) -> Any:
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = Expression(joined, "AND", condition)
    return joined


def _order(tab: str) -> list[tuple[Any, str]]:
    """Columns and directions; the id makes the order total."""
    if tab in (*OPEN_TABS, BY_TIME):
        far = f"'{_FAR}'" if isinstance(db.obj, SqliteDatabase) else f"TIMESTAMPTZ '{_FAR}'"
        raised = [(Submission.priority, "desc")] if tab != BY_TIME else []
        return [*raised, (SQL(f'COALESCE("t1"."deadline_at", {far})'), "asc"), (Submission.id, "asc")]
    return [(Submission.id, "desc")] if tab == "all" else [(Submission.decided_at, "desc"), (Submission.id, "desc")]


def _key(tab: str, row: Submission) -> str:
    instants = row.deadline_at or datetime.fromisoformat(_FAR) if tab in (*OPEN_TABS, BY_TIME) else row.decided_at
    parts = [str(row.id)] if tab == "all" else [instants.isoformat(" ", "microseconds"), str(row.id)]
    return "~".join([str(row.priority), *parts] if tab in OPEN_TABS else parts)


def _after(tab: str, cursor: str) -> Any:
    """Rows behind the cursor, column by column."""
    order = _order(tab)
    parts: list[Any] = cursor.split("~")
    if len(parts) != len(order):
        return SQL("1 = 1")
    try:
        values = [int(part) if part.lstrip("-").isdecimal() else datetime.fromisoformat(part) for part in parts]
    except ValueError:
        return SQL("1 = 1")
    behind: Any = None
    for (column, direction), value in reversed(list(zip(order, values, strict=True))):
        key = Submission.deadline_at.db_value(value) if isinstance(value, datetime) else value
        further = Expression(column, ">" if direction == "asc" else "<", Value(key, converter=False))
        behind = further if behind is None else further | (Expression(column, "=", Value(key, converter=False)) & behind)
    return behind


def page(tab: str, watch: Watch, filters: Filters, *, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of a tab with all that its rows show: five queries."""
    conditions = [*_in_tab(tab, watch), *_filtered(filters, watch)]
    return listed(conditions, watch.person, order=tab, cursor=cursor, limit=limit)


def listed(conditions: Sequence[Any], person: Person, *, order: str = BY_TIME, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of whatever the conditions pick, in the order of a tab or by the time left alone."""
    after = [_after(order, cursor)] if cursor else []
    rows = list(_joined().where(*conditions, *after).order_by(*_directed(order)).limit(limit + 1))
    result = Page(rows[:limit], _key(order, rows[limit - 1]) if len(rows) > limit else None)
    _fill(result, person)
    return result


def _directed(tab: str) -> list[Any]:
    return [
        column.desc() if direction == "desc" else (column if isinstance(column, SQL) else column.asc())
        for column, direction in _order(tab)
    ]


def _joined() -> ModelSelect:
    author, claimant, assignee = Person.alias("author"), Person.alias("claimant"), Person.alias("assignee")
    heavy = {"description", "characteristics", "requirements"}
    columns = [column for name, column in Submission._meta.fields.items() if name not in heavy]
    return (
        Submission.select(
            *columns, *(who_column for who in (author, claimant, assignee) for who_column in (who.id, who.name, who.team))
        )
        .join(author, on=(Submission.author == author.id), attr="author")
        .switch(Submission)
        .join(claimant, JOIN.LEFT_OUTER, on=(Submission.claimant == claimant.id), attr="claimant")
        .switch(Submission)
        .join(assignee, JOIN.LEFT_OUTER, on=(Submission.assignee == assignee.id), attr="assignee")
    )


def _fill(result: Page, person: Person) -> None:
    ids = [row.id for row in result.rows]
    values = SubmissionValue.select(SubmissionValue, DictionaryValue).join(DictionaryValue)
    for link in values.where(SubmissionValue.submission.in_(ids)).order_by(DictionaryValue.kind.desc()):
        result.values.setdefault(link.submission_id, []).append(link.value)
    steps = EscalationStep.select(EscalationStep.submission, fn.MAX(EscalationStep.step).alias("top"))
    result.steps = {
        row["submission"]: row["top"]
        for row in steps.where(EscalationStep.submission.in_(ids)).group_by(EscalationStep.submission).dicts()
    }
    drafts = ReviewDraft.select(ReviewDraft.submission).where((ReviewDraft.person == person) & ReviewDraft.submission.in_(ids))
    result.drafts = {draft.submission_id for draft in drafts}
    skipped = Skip.select().where((Skip.person == person) & Skip.submission.in_(ids))
    result.skips = {skip.submission_id: skip.reason for skip in skipped}


def open_states() -> tuple[str, ...]:
    """The states under moderation."""
    return tuple(str(state) for state in UNDER_MODERATION)
