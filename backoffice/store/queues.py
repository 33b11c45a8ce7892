"""What the queue shows: its tabs, their numbers and their rows. A fixed number of queries, however many rows there are.

The order is that of «Взять следующую»: raised priority first, then the earliest deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Any

from peewee import JOIN, SQL, Case, Expression, ModelSelect, SqliteDatabase, Value, fn

from backoffice.domain.states import UNDER_MODERATION
from backoffice.store import tally
from backoffice.store.base import db
from backoffice.store.filters import Filters, Narrowed, Where, narrowed
from backoffice.store.listings import OPEN, DictionaryValue, Submission, SubmissionValue
from backoffice.store.moderation import Decision, EscalationStep, ReviewDraft, Skip
from backoffice.store.people import Person
from backoffice.store.tally import FAR, due

TABS = ("mine", "free", "others", "checking", "authors", "today", "all")
OPEN_TABS = ("mine", "free", "others", "checking")
BY_TIME = "by_time"  # the order of a list that is no tab
PAGE = 50
MOST = 1_000  # rows of a list that a page looks at to count those that its filters leave
NEAR = 20_000  # rows of a list, asked one by one, after which several filters at once are taken for rarely met together
PAGES = (0.05, 0.02)  # shares of current work, and of all there ever were: what fewer submissions match is fetched by ids
_INDEX = {
    "free": "submission_free",
    "others": "submission_taken",
    "checking": "submission_checking",
    "authors": "submission_with_author",
    "today": "submission_decided",
    "later": "submission_by_time",
}


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks, and when. ``horizon`` leaves out what is due later; ``today`` is the last midnight of the office, ``tomorrow`` the next."""

    person: Person
    now: datetime
    today: datetime
    tomorrow: datetime
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Whatever the conditions pick, in the order of a tab or by the time left alone.

    ``index`` is the one that holds exactly the rows of this list in order. ``few``: one of the conditions picks so few that they are where to
    begin, and to sort. Neither database finds out by itself which of the two reads less: they do not know how far a page of fifty rows reaches.
    ``farther``: the same list, read in another way behind its first ``NEAR`` rows, where those do not fill a page.
    """

    conditions: Sequence[Any]
    order: str = BY_TIME
    index: str = ""
    few: bool = False
    farther: Callable[[], Listed] | None = None

    def ids(self, *more: Any, limit: int | None = None, ordered: bool = True) -> tuple[str, list[Any]]:
        """SQL and parameters. Not ``ordered`` is for counting."""
        sqlite = isinstance(db.obj, SqliteDatabase)
        rows = Submission.select(Submission.id)
        if self.few and not sqlite:  # OFFSET 0 keeps PostgreSQL from walking the order in search of a few
            columns = (Submission.id, Submission.priority, Submission.deadline_at, Submission.decided_at)
            text, params = Submission.select(*columns).where(*self.conditions, *more).sql()
            rows = rows.from_(SQL(f'({text} OFFSET 0) AS "t1"', params))
        else:
            rows = rows.where(*self.conditions, *more)
        text, params = rows.order_by(*(_directed(self.order) if ordered else ())).limit(limit).sql()
        if self.index and sqlite and not self.few:
            text = text.replace('"submission" AS "t1"', f'"submission" AS "t1" INDEXED BY {self.index}', 1)
        return text, params


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many rows each tab has, and how many free and others' submissions the horizon leaves out; None was not counted.

    ``sizes``: the same without filters, which is as many as there can be.
    """

    tabs: dict[str, int | None]
    later: int | None
    sizes: dict[str, int]


@dataclass(slots=True)
class Page:
    """Rows of one tab, and the cursor of the next page (None on the last)."""

    rows: list[Submission]
    after: str | None
    values: dict[int, list[Any]] = field(default_factory=dict)  # each with ``ru`` and ``en``
    steps: dict[int, int] = field(default_factory=dict)
    drafts: set[int] = field(default_factory=set)
    deciders: dict[int, str] = field(default_factory=dict)
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
    return Submission.assignee.is_null() & ~fn.COALESCE(_live(watch.now), False)


def _open(state: str) -> list[Any]:
    """SQLite finds the indexes of what is open by its own words; PostgreSQL would take the two for independent, and few for both."""
    found = SQL(f'"t1"."state" = \'{state}\'')
    return [SQL(OPEN), found] if isinstance(db.obj, SqliteDatabase) else [found]


def _has_deadline() -> Expression:
    return Submission.deadline_at.is_null(False)


def _in_tab(tab: str, watch: Watch) -> list[Any]:
    awaiting = _open("awaiting_review")
    taken = SQL('("t1"."assignee_id" IS NOT NULL OR "t1"."claimant_id" IS NOT NULL)')  # as the partial index has it
    conditions: dict[str, Callable[[], list[Any]]] = {
        "mine": lambda: [*awaiting, _mine(watch)],
        "free": lambda: [*awaiting, _free(watch)],
        "others": lambda: [*awaiting, taken, ~_mine(watch), ~_free(watch)],
        "checking": lambda: _open("checking"),
        "authors": waiting_for_authors,
        "today": lambda: [Submission.decided_at >= watch.today, Submission.state != "withdrawn"],
        "all": lambda: [Submission.submitted_at.is_null(False)],
    }
    found = conditions[tab]()
    if tab in ("free", "others") and watch.horizon:
        found.append(~fn.COALESCE(Submission.deadline_at > watch.horizon, False))
    return found


def waiting_for_authors() -> list[Any]:
    """Returned, not archived, and the author has not sent a newer version of the listing."""
    indexed = (
        '"t1"."state" = \'returned\' AND "t1"."answered_at" IS NULL AND "t1"."archived_at" IS NULL'  # as the partial index has it
    )
    return [SQL(indexed)]


def numbers(watch: Watch, filters: Filters, *, dear: bool = False) -> Numbers:
    """The number of rows of every tab, by the conditions that list them.

    Without filters nothing is counted (``tally``). Under filters, what takes no longer than a page does: lists that are short, and whatever a filter
    leaves few of. Everything else is counted when it is asked for, ``dear`` as it is.
    """
    lists = {tab: _in_tab(tab, watch) for tab in TABS if tab != "all"} | {"later": _later(watch)}
    sizes = _weighed({name: lists[name] for name in (*OPEN_TABS, "later")}, watch)
    sizes["today"] = Submission.select().where(*lists["today"]).count()
    beside = tally.beside()
    sizes |= {"authors": beside["with_author"], "all": beside["submitted"]}
    found: dict[str, int | None] = dict.fromkeys(sizes) if filters.given() else dict(sizes)
    for group in _groups(filters):
        left = _narrowed(group[0], watch, filters, inf if dear else MOST / max(1, sum(sizes[name] for name in group)))
        if left.few and group != ("all",):
            found |= _summed({name: lists[name] for name in group}, left)
        else:
            found |= _counted({name: _tab(name, watch, left) for name in group if dear or left.few or sizes[name] <= MOST})
    return Numbers({tab: found[tab] for tab in TABS}, found["later"], sizes)


def _groups(filters: Filters) -> list[tuple[str, ...]]:
    """Lists that filters are the same conditions for; none without filters."""
    if not filters.given():
        return []
    current, over = (*OPEN_TABS, "later"), ("authors", "today")
    apart = filters.moderator or filters.author  # what they decided, or sent before, does not count among what is open
    return [current, over, ("all",)] if apart else [(*current, *over), ("all",)]


def _later(watch: Watch) -> list[Any]:
    if watch.horizon is None:
        return [SQL(OPEN), SQL("1 = 0")]
    beyond = Expression(due(), ">", Submission.deadline_at.db_value(watch.horizon))
    return [*_open("awaiting_review"), ~_mine(watch), beyond, _has_deadline()]


def _weighed(conditions: dict[str, list[Any]], watch: Watch) -> dict[str, int]:
    """How many open submissions meet each set of conditions, out of the tally."""
    source = tally.weighed([watch.horizon], watch.person)
    return _sums(conditions, Submission.select(*_cases(conditions, SQL('"t1"."n"'))).from_(source))


def _summed(conditions: dict[str, list[Any]], left: Narrowed) -> dict[str, int]:
    """How many of those that the filters leave meet each set of conditions: they are read once for all."""
    return _sums(conditions, Submission.select(*_cases(conditions, 1)).where(*left.conditions))


def _cases(conditions: dict[str, list[Any]], weight: Any) -> list[Any]:
    return [fn.SUM(Case(None, [(all_of(met), weight)], 0)).alias(name) for name, met in conditions.items()]


def _sums(conditions: dict[str, list[Any]], query: ModelSelect) -> dict[str, int]:
    row = query.dicts().get()
    return {name: int(row[name] or 0) for name in conditions}


def _counted(lists: dict[str, Listed]) -> dict[str, int]:
    """The rows of several lists: one statement."""
    if not lists:
        return {}
    parts, params = [], []
    for each in lists.values():
        text, given = each.ids(ordered=False)
        parts.append(f"(SELECT COUNT(*) FROM ({text}) AS c)")  # noqa: S608 (made by peewee)
        params += given
    return dict(zip(lists, db.execute_sql(f"SELECT {', '.join(parts)}", params).fetchone(), strict=True))


def all_of(conditions: Sequence[Any]) -> Any:
    """All of them in one, literal SQL included."""
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = Expression(joined, "AND", condition)
    return joined


def _order(tab: str) -> list[tuple[Any, str]]:
    """Columns and directions; the id makes the order total."""
    if tab in (*OPEN_TABS, BY_TIME):
        raised = [(Submission.priority, "desc")] if tab != BY_TIME else []
        return [*raised, (due(), "asc"), (Submission.id, "asc")]
    return [(Submission.id, "desc")] if tab == "all" else [(Submission.decided_at, "desc"), (Submission.id, "desc")]


def _key(tab: str, row: Submission) -> str:
    instants = row.deadline_at or datetime.fromisoformat(FAR) if tab in (*OPEN_TABS, BY_TIME) else row.decided_at
    parts = [str(row.id)] if tab == "all" else [instants.isoformat(" ", "microseconds"), str(row.id)]
    return "~".join([str(row.priority), *parts] if tab in OPEN_TABS else parts)


def _after(tab: str, cursor: str) -> list[list[Any]]:
    """Rows behind the cursor, as ranges of the order's index, one after the other; one range without any condition for a broken cursor."""
    order = _order(tab)
    parts: list[Any] = cursor.split("~")
    if len(parts) != len(order):
        return [[]]
    try:
        values = [int(part) if part.lstrip("-").isdecimal() else datetime.fromisoformat(part) for part in parts]
    except ValueError:
        return [[]]
    keys = [
        (column, direction, Submission.deadline_at.db_value(value) if isinstance(value, datetime) else value)
        for (column, direction), value in zip(order, values, strict=True)
    ]
    if len(keys) < 3:
        return [_behind(keys)]
    raised, *rest = keys
    return [[_compared(raised, "="), *_behind(rest)], [_compared(raised, "further")]]


def _behind(keys: list[tuple[Any, str, Any]]) -> list[Any]:
    """Behind one or two columns; the first condition alone is where an index begins to read."""
    if len(keys) == 1:
        return [_compared(keys[0], "further")]
    first, last = keys
    return [_compared(first, "from"), _compared(first, "further") | _compared(last, "further")]


def _compared(key: tuple[Any, str, Any], how: str) -> Expression:
    column, direction, value = key
    sign = ">" if direction == "asc" else "<"
    return Expression(column, {"=": "=", "from": f"{sign}=", "further": sign}[how], Value(value, converter=False))


def page(tab: str, watch: Watch, filters: Filters, *, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of a tab with all that its rows show: six queries."""
    left = _narrowed(tab, watch, filters, PAGES[tab == "all"])
    wanted = _tab(tab, watch, left)
    if tab == "all" and left.sets and not (left.few or left.index):
        wanted = replace(wanted, farther=lambda: _tab(tab, watch, left.from_smallest()))
    return listed(wanted, watch.person, cursor=cursor, limit=limit)


def _narrowed(tab: str, watch: Watch, filters: Filters, few: float) -> Narrowed:
    return narrowed(filters, Where(tab not in OPEN_TABS, tab == "all", few), now=watch.now, tomorrow=watch.tomorrow)


def _tab(tab: str, watch: Watch, left: Narrowed) -> Listed:
    found = [*(_later(watch) if tab == "later" else _in_tab(tab, watch)), *left.conditions]
    if tab == "mine":
        found.append(Submission.id.in_(near(watch.person)))
    return Listed(found, tab, left.index or _INDEX.get(tab, ""), left.few or tab == "mine")


def near(person: Person) -> ModelSelect:
    """The ids of what a person holds or was given and waits for review, by their own indexes: few, wherever it stands in the queue."""
    given = Submission.select(Submission.id).where(Submission.assignee == person, Submission.state == "awaiting_review")
    return given | Submission.select(Submission.id).where(Submission.claimant == person, Submission.state == "awaiting_review")


def listed(wanted: Listed, person: Person, *, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of a list: the ids by its index, then what the rows show."""
    rows: list[Submission] = []
    for part, ranged in _parts(wanted, cursor):
        picked, params = part.ids(*ranged, limit=limit + 1 - len(rows))
        rows.extend(_joined().where(SQL(f'"t1"."id" IN ({picked})', params)).order_by(*_directed(wanted.order)))
        if len(rows) > limit:
            break
    result = Page(rows[:limit], _key(wanted.order, rows[limit - 1]) if len(rows) > limit else None)
    _fill(result, person)
    return result


def _parts(wanted: Listed, cursor: str) -> Iterator[tuple[Listed, list[Any]]]:
    """What to read one after the other until a page is full: a list and a range of it, each found out only when it is needed."""
    ranges = _after(wanted.order, cursor) if cursor else [[]]
    if wanted.farther is None:
        yield from ((wanted, ranged) for ranged in ranges)
        return
    newest = Submission.select(fn.MAX(Submission.id)).where(Submission.id > 0, *ranges[0]).scalar() or 0
    yield wanted, [*ranges[0], Submission.id > newest - NEAR]
    if newest > NEAR:
        yield wanted.farther(), [Submission.id <= newest - NEAR]


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
    values = SubmissionValue.select(SubmissionValue.submission, DictionaryValue.ru, DictionaryValue.en).join(DictionaryValue)
    for value in values.where(SubmissionValue.submission.in_(ids)).order_by(DictionaryValue.kind.desc()).namedtuples():
        result.values.setdefault(value.submission, []).append(value)
    steps = EscalationStep.select(EscalationStep.submission, fn.MAX(EscalationStep.step).alias("top"))
    result.steps = {
        row["submission"]: row["top"]
        for row in steps.where(EscalationStep.submission.in_(ids)).group_by(EscalationStep.submission).dicts()
    }
    drafts = ReviewDraft.select(ReviewDraft.submission).where((ReviewDraft.person == person) & ReviewDraft.submission.in_(ids))
    result.drafts = {draft.submission_id for draft in drafts}
    made = Decision.select(Decision.submission, Person.name).join(Person).where(Decision.submission.in_(ids))
    result.deciders = dict(made.tuples())
    skipped = Skip.select().where((Skip.person == person) & Skip.submission.in_(ids))
    result.skips = {skip.submission_id: skip.reason for skip in skipped}


def open_states() -> tuple[str, ...]:
    """The states under moderation."""
    return tuple(str(state) for state in UNDER_MODERATION)
