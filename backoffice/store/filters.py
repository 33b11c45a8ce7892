"""What narrows a list of submissions down. Each filter is a condition that an index answers, for few rows and for a million."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Expression, ModelSelect, SqliteDatabase, fn

from backoffice.domain.priority import Reason
from backoffice.domain.states import UNDER_MODERATION
from backoffice.store import search
from backoffice.store.base import Row, db
from backoffice.store.listings import OPEN, Submission, SubmissionValue
from backoffice.store.moderation import Decision, EscalationStep
from backoffice.store.tally import due

MANY = 0.05  # a share of submissions that is joined rather than looked up one by one
FEW = 2_000  # rows that are better fetched by their ids than asked for one by one
SOME = 25_000  # the same, where asking one by one has failed to fill a page


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the queue down; empty means everything."""

    q: str = ""
    reason: str = ""
    industry: int | None = None
    technology: int | None = None
    effect: int | None = None
    author: int | None = None
    moderator: int | None = None  # who works on it, was assigned it, or decided it
    age: int | None = None  # submitted at least so many days ago
    outcome: str = ""  # pass | warn | reject | error
    state: str = ""

    def given(self) -> dict[str, str]:
        """Those that are set, as they stand in the URL."""
        return {name: str(getattr(self, name)) for name in self.__slots__ if getattr(self, name) not in ("", None)}


@dataclass(frozen=True, slots=True)
class Where:
    """What kind of list is narrowed: of decided submissions too, of all there ever were. ``few``: which share of that a search may fetch by ids.

    A page of a list is soon full when its rows are asked one by one, unless hardly any of them matches. A number needs all of them.
    """

    decided: bool
    ever: bool
    few: float


@dataclass(slots=True)
class Narrowed:
    """Conditions on "t1". ``few``: one of them picks so few rows by their ids that they are where to begin, not the order of a list.

    ``sets``: the ids of those conditions, by their places, that pick more. ``index``: the one of SQLite that holds what a condition picks.
    """

    conditions: list[Any]
    few: bool = False
    sets: dict[int, ModelSelect] = field(default_factory=dict)
    index: str = ""

    def by_ids(self, ids: ModelSelect, otherwise: Any) -> None:
        """Take those ids while they are few; many of them fill a page soon when each row is asked ``otherwise``."""
        few = ids.limit(FEW + 1).count() <= FEW
        if not few:
            self.sets[len(self.conditions)] = ids
        self.conditions.append(Submission.id.in_(ids) if few else otherwise)
        self.few = self.few or few

    def from_smallest(self) -> Narrowed:
        """The same, beginning with the ids of whichever filter picks fewest; unchanged where each picks more than ``SOME``."""
        counted = {place: ids.limit(SOME + 1).count() for place, ids in self.sets.items()}
        place = min(counted, key=counted.__getitem__)
        if counted[place] > SOME:
            return self
        begun = list(self.conditions)
        begun[place] = Submission.id.in_(self.sets[place])
        return Narrowed(begun, few=True)


def narrowed(filters: Filters, where: Where, *, now: datetime, tomorrow: datetime) -> Narrowed:
    """What the filters leave. ``tomorrow`` is the coming midnight of the office."""
    found = Narrowed([])
    if filters.q.strip():
        _words(found, filters.q, where)
    for value in (filters.industry, filters.technology, filters.effect):
        if value:
            links = SubmissionValue.select(SubmissionValue.submission).where(SubmissionValue.value == value)
            found.by_ids(links, _exists(SubmissionValue, SubmissionValue.value == value))
    if filters.author:
        theirs = Submission.author == filters.author
        found.by_ids(_ids(theirs) if where.decided else _ids(theirs & Submission.state.in_(UNDER_MODERATION)), theirs)
    if filters.moderator:
        _of_moderator(found, filters.moderator, where)
    if filters.age:
        found.conditions.append(_plain("submitted_at", "<=", Submission.submitted_at.db_value(now - timedelta(days=filters.age))))
    if filters.outcome:
        found.by_ids(_ids(Submission.worst_finding == filters.outcome), Submission.worst_finding == filters.outcome)
    if filters.state:
        found.conditions.append(Submission.state == filters.state)
    if filters.reason:
        _because(found, filters.reason, now, tomorrow)
        if where.ever and filters.reason in (Reason.OVERDUE, Reason.DUE_TODAY) and isinstance(db.obj, SqliteDatabase):
            _by_deadline(found, filters.reason, now, tomorrow)
    return found


def _ids(condition: Any) -> ModelSelect:
    return Submission.select(Submission.id).where(condition)


def _exists(model: type[Row], condition: Any) -> Any:
    """Asked of each row; ``model`` is a table with a ``submission``."""
    return fn.EXISTS(model.select(SQL("1")).where(condition, model._meta.fields["submission"] == SQL('"t1"."id"')))


def _of_moderator(found: Narrowed, moderator: int, where: Where) -> None:
    given, held, made = Submission.assignee == moderator, Submission.claimant == moderator, Decision.moderator == moderator
    ids, theirs = _ids(given) + _ids(held), given | held
    if where.decided:  # what is open was never decided
        ids, theirs = ids + Decision.select(Decision.submission).where(made), theirs | _exists(Decision, made)
    found.by_ids(ids, theirs)


def _words(found: Narrowed, asked: str, where: Where) -> None:
    share = search.share(asked, ever=where.ever)
    rare = share < where.few
    condition = search.matching(asked, rare=rare, ever=where.ever, many=share > MANY)
    number = asked.strip().lstrip("№# ")
    if number.isdecimal() and len(number) < 10:
        condition = (Submission.id == int(number)) | condition if condition else Submission.id == int(number)
    found.conditions.append(condition or SQL("1 = 0"))
    found.few = rare


def _plain(column: str, sign: str, value: Any) -> Expression:
    """A condition that most rows meet: SQLite would take its index and sort what it finds, which is nearly everything."""
    plus = "+" if isinstance(db.obj, SqliteDatabase) else ""
    return Expression(SQL(f'{plus}"t1"."{column}"'), sign, value)


def _open() -> Any:
    """A deadline is a reason while moderation goes on. PostgreSQL would multiply this share with that of the list, which says the same."""
    return SQL(OPEN) if isinstance(db.obj, SqliteDatabase) else fn.COALESCE(SQL(OPEN), False)


def _because(found: Narrowed, reason: str, now: datetime, tomorrow: datetime) -> None:
    if reason in _FLAGS:
        flag = SQL(_FLAGS[reason])  # literal, as the partial indexes have them
        found.by_ids(_ids(flag), flag)
        return
    if reason == Reason.ESCALATED:
        found.by_ids(EscalationStep.select(EscalationStep.submission), _exists(EscalationStep, SQL("1 = 1")))
        return
    if reason in _FINDINGS:
        worst = Submission.worst_finding == _FINDINGS[reason]
        found.by_ids(_ids(worst), worst)
    ticking, text = [_open(), SQL('NOT "t1"."on_hold"')], Submission.deadline_at.db_value
    conditions: dict[str, list[Any]] = {
        Reason.OVERDUE: [*ticking, _plain("deadline_at", "<=", text(now))],
        Reason.DUE_TODAY: [*ticking, Submission.deadline_at > now, Submission.deadline_at <= tomorrow],
        Reason.REJECTING: [SQL('NOT "t1"."infected"')],
        Reason.CHECK_FAILED: [],
        Reason.RESUBMISSION: [_plain("number", ">", 1)],
    }
    found.conditions += conditions.get(reason, [SQL("1 = 0")])


def _by_deadline(found: Narrowed, reason: str, now: datetime, tomorrow: datetime) -> None:
    """Among all there ever were, SQLite begins where the deadlines do: that index has what other filters ask, and only what is left is sorted."""
    text = Submission.deadline_at.db_value
    found.index = "submission_by_time"
    found.conditions.append(Expression(due(), "<=", text(now if reason == Reason.OVERDUE else tomorrow)))
    if reason == Reason.DUE_TODAY:
        found.conditions.append(Expression(due(), ">", text(now)))


_FINDINGS = {str(Reason.REJECTING): "reject", str(Reason.CHECK_FAILED): "error"}
_FLAGS = {
    str(Reason.INFECTED): '"t1"."infected"',
    str(Reason.ON_HOLD): '"t1"."on_hold"',
    str(Reason.OVERRIDDEN): '"t1"."deadline_override"',
    str(Reason.PROVISIONAL): '"t1"."deadline_provisional"',
}
