"""The queue: every tab's number is the number of its rows, the order is that of urgency, the queries do not grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from backoffice.domain.priority import Reason
from backoffice.store import queues, search
from backoffice.store.filters import Filters
from backoffice.store.listings import Artifact, Blob, DictionaryValue, Listing, Submission, SubmissionValue
from backoffice.store.moderation import EscalationStep
from backoffice.store.people import Person
from backoffice.store.queues import Watch

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class House:
    """People, and submissions made in one line."""

    def __init__(self) -> None:
        self.vera, self.gleb, self.anna = (
            Person.create(name=name, email=f"{n}@x.example", created_at=NOW)
            for n, name in enumerate(("Вера Модератор", "Глеб Модератор", "Анна Автор"))
        )

    def submission(self, title: str = "Модель", **fields: Any) -> Submission:
        listing = fields.pop("listing", None) or Listing.create(owner=self.anna, title=title, created_at=NOW)
        row = {"state": "awaiting_review", "deadline_at": NOW + DAY, "submitted_at": NOW - DAY, "author": self.anna, **fields}
        made: Submission = Submission.create(listing=listing, title=title, created_at=NOW, updated_at=NOW, **row)
        search.index(made)
        return made

    def watch(self, **changes: Any) -> Watch:
        return Watch(**{"person": self.vera, "now": NOW, "today": NOW - DAY / 3, "tomorrow": NOW + DAY / 2, **changes})

    def titles(self, tab: str, filters: Filters | None = None, **changes: Any) -> list[str]:
        return [row.title for row in queues.page(tab, self.watch(**changes), filters or Filters()).rows]


@pytest.fixture
def house(database: Database) -> House:
    return House()


@pytest.fixture
def full(house: House) -> House:
    lease = {"claimed_at": NOW, "claim_expires_at": NOW + timedelta(minutes=15)}
    house.submission("свободная")
    house.submission("срочная", deadline_at=NOW - DAY)
    house.submission("моя", claimant=house.vera, **lease)
    house.submission("назначена мне", assignee=house.vera)
    house.submission("у Глеба", claimant=house.gleb, **lease)
    house.submission("назначена Глебу", assignee=house.gleb)
    house.submission("брошена Глебом", claimant=house.gleb, claim_expires_at=NOW)
    house.submission("моя, но в руках Глеба", assignee=house.vera, claimant=house.gleb, **lease)
    house.submission("проверяется", state="checking")
    house.submission("у автора", state="returned", decided_at=NOW - 3 * DAY)
    house.submission("решена сегодня", state="published", decided_at=NOW)
    house.submission("черновик", state="draft", submitted_at=None)
    return house


def test_each_tab_has_its_own(full: House) -> None:
    assert full.titles("mine") == ["моя", "назначена мне"]
    assert full.titles("free") == ["срочная", "свободная", "брошена Глебом"]
    assert full.titles("others") == ["у Глеба", "назначена Глебу", "моя, но в руках Глеба"]
    assert full.titles("checking") == ["проверяется"]
    assert full.titles("authors") == ["у автора"]
    assert full.titles("today") == ["решена сегодня"]
    assert "черновик" not in full.titles("all")


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(q="глеб"),
        Filters(reason="overdue"),
        Filters(age=1),
        Filters(outcome="reject"),
        Filters(state="returned"),
    ],
)
@pytest.mark.parametrize("horizon", [None, NOW])
def test_a_tabs_number_is_the_number_of_its_rows(full: House, filters: Filters, horizon: datetime | None) -> None:
    watch = full.watch(horizon=horizon)
    numbers = queues.numbers(watch, filters).tabs
    assert numbers == {tab: len(queues.page(tab, watch, filters).rows) for tab in queues.TABS}


def test_a_page_leaves_out_the_numbers_that_are_dear_and_whoever_asks_gets_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MOST", 3)
    monkeypatch.setattr("backoffice.store.filters.FEW", 0)
    for n in range(4):
        house.submission(f"м{n}", worst_finding="reject", deadline_at=NOW + (2 * DAY if n else DAY))
    filters = Filters(outcome="reject")
    near = queues.numbers(house.watch(horizon=NOW + DAY), filters)
    assert (near.tabs["free"], near.tabs["all"], near.later) == (1, None, 3)
    far = queues.numbers(house.watch(), filters)
    assert (far.tabs["free"], far.tabs["mine"], far.sizes["free"]) == (None, 0, 4)
    asked = queues.numbers(house.watch(), filters, dear=True)
    assert (asked.tabs["free"], asked.tabs["all"]) == (4, 4)
    assert queues.numbers(house.watch(), Filters()).tabs["free"] == 4


@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(q="назначена"),
        Filters(q="назначена", outcome="warn"),
        Filters(industry=1, state="awaiting_review"),
        Filters(author=3),
        Filters(moderator=1, reason="infected"),
        Filters(outcome="warn", age=1),
        *(Filters(reason=str(reason)) for reason in Reason),
    ],
    ids=str,
)
def test_filters_pick_the_same_rows_whether_few_or_many_match(
    full: House, filters: Filters, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a filter is answered depends on how many match; what it answers does not."""
    rows = list(Submission.select().where(Submission.submitted_at.is_null(False)))
    for n, row in enumerate(rows):
        row.infected, row.on_hold, row.number, row.worst_finding = (
            n % 3 == 0,
            n % 4 == 0,
            1 + n % 2,
            ["warn", "error", "reject"][n % 3],
        )
        row.deadline_override, row.deadline_provisional = n % 2 == 0, n % 5 == 0
        row.deadline_at = NOW + (n - 5) * DAY / 4
        row.save()
        SubmissionValue.create(submission=row, value=1 + n % 2)
        if n % 2:
            EscalationStep.create(submission=row, step=50, fired_at=NOW)
    with_ids = {tab: full.titles(tab, filters) for tab in queues.TABS}
    monkeypatch.setattr("backoffice.store.filters.FEW", few)
    monkeypatch.setattr(queues, "PAGES", (few, few))
    assert {tab: full.titles(tab, filters) for tab in queues.TABS} == with_ids
    numbers = {tab: len(titles) for tab, titles in with_ids.items()}
    assert queues.numbers(full.watch(), filters).tabs == numbers
    monkeypatch.setattr(queues, "MOST", 0)
    assert queues.numbers(full.watch(), filters, dear=True).tabs == numbers
    assert len(with_ids["all"]) > 0


def test_what_is_due_later_than_the_horizon_is_counted_apart(full: House) -> None:
    watch = full.watch(horizon=NOW)
    assert [row.title for row in queues.page("free", watch, Filters()).rows] == ["срочная"]
    assert queues.numbers(watch, Filters()).later == 5


def test_a_return_that_came_back_does_not_wait_on_its_author(full: House) -> None:
    old = Submission.get(Submission.title == "у автора")
    full.submission("у автора", listing=old.listing, number=2)
    assert full.titles("authors") == []


@pytest.fixture(params=[(0, 0), (2, 2)], ids=["row by row", "by index"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a search is answered: both ways find the same."""
    monkeypatch.setattr(queues, "PAGES", request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("words", ["моделями", "МОДЕЛЬ", "распознавание брак", "распозн"])
def test_a_russian_word_is_found_in_any_form(house: House, words: str) -> None:
    house.submission("Модель распознаёт брак", description="Распознавание дефектов")
    house.submission("Прогноз спроса", description="Ряды")
    assert house.titles("free", Filters(q=words)) == ["Модель распознаёт брак"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("прогноз", {"Прогноз спроса", "Прогнозирование"}),  # the last word may be unfinished
        ("прогноз спрос", {"Прогноз спроса"}),
        ("спрос прогноз", {"Прогноз спроса"}),
        ("модел", {"Модель_v2"}),
        ("v2", {"Модель_v2"}),
        ("и", {"Спрос и цена"}),  # but not when it is too short to say anything
        ("сп", set()),
        ("рогноз", set()),
    ],
)
def test_both_ways_of_searching_take_a_word_for_the_same(house: House, words: str, found: set[str]) -> None:
    for title in ("Прогноз спроса", "Прогнозирование", "Модель_v2", "Спрос и цена"):
        house.submission(title)
    for tab in ("free", "all"):
        assert set(house.titles(tab, Filters(q=words))) == found
    assert queues.numbers(house.watch(), Filters(q=words)).tabs["all"] == len(found)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("words", ['"', "a' OR 1=1", "*", "???", "NEAR(", ")(", "&|!:*"])
def test_odd_queries_are_only_words(house: House, words: str) -> None:
    house.submission("Модель")
    assert house.titles("free", Filters(q=words)) == []


def test_a_number_finds_its_submission_and_an_author_theirs(house: House) -> None:
    first, _ = house.submission("Первая"), house.submission("Вторая")
    assert house.titles("free", Filters(q=f"№ {first.id}")) == ["Первая"]
    assert house.titles("free", Filters(q="анна")) == ["Первая", "Вторая"]


@pytest.mark.parametrize("tab", ["free", "today", "all"])
def test_pages_follow_one_another_without_a_gap(house: House, tab: str) -> None:
    for n in range(13):
        state = "awaiting_review" if tab == "free" else "returned"
        due = None if n == 5 else NOW + timedelta(hours=n % 4)
        house.submission(f"м{n}", priority=n % 2, deadline_at=due, state=state, decided_at=NOW + timedelta(minutes=n // 3))
    whole = [row.id for row in queues.page(tab, house.watch(), Filters()).rows]
    walked, cursor = [], ""
    while cursor is not None:
        part = queues.page(tab, house.watch(), Filters(), cursor=cursor, limit=4)
        walked += [row.id for row in part.rows]
        cursor = part.after
    assert walked == whole
    assert len(whole) == 13


@pytest.mark.parametrize("some", [0, 6, 100], ids=["no filter picks few", "one does", "all do"])
def test_filters_that_rarely_meet_find_the_same_rows_behind_the_nearest_ones(
    house: House, some: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [DictionaryValue.get(DictionaryValue.kind == kind) for kind in ("industry", "technology")]
    for n in range(24):
        made = house.submission(f"м{n}", state="returned", decided_at=NOW)
        for value, every in zip(values, (2, 5), strict=True):
            if n % every == 0:
                SubmissionValue.create(submission=made, value=value)
    monkeypatch.setattr("backoffice.store.filters.FEW", 0)
    monkeypatch.setattr("backoffice.store.filters.SOME", some)
    monkeypatch.setattr(queues, "NEAR", 5)
    both = Filters(industry=values[0].id, technology=values[1].id)
    assert house.titles("all", both) == ["м20", "м10", "м0"]
    first = queues.page("all", house.watch(), both, limit=1)
    second = queues.page("all", house.watch(), both, limit=1, cursor=first.after or "")
    last = queues.page("all", house.watch(), both, cursor=second.after or "")
    assert [row.title for page in (first, second, last) for row in page.rows] == ["м20", "м10", "м0"]
    assert last.after is None


def test_a_broken_cursor_shows_the_first_page(house: House) -> None:
    house.submission("Модель")
    page = queues.page("free", house.watch(), Filters(), cursor="чепуха")
    assert [row.title for row in page.rows] == ["Модель"]


def test_filters_by_classification_and_reason(house: House) -> None:
    value = DictionaryValue.get(DictionaryValue.kind == "industry")
    chosen = house.submission("с отраслью", infected=True, worst_finding="reject")
    SubmissionValue.create(submission=chosen, value=value)
    EscalationStep.create(submission=chosen, step=75, fired_at=NOW)
    house.submission("без отрасли")
    for filters in (Filters(industry=value.id), Filters(reason="infected"), Filters(reason="escalated")):
        assert house.titles("free", filters) == ["с отраслью"]
    page = queues.page("free", house.watch(), Filters(reason="escalated"))
    assert page.steps == {chosen.id: 75}
    assert [v.ru for v in page.values[chosen.id]] == [value.ru]


def test_the_number_of_queries_does_not_grow(house: House, database: Database) -> None:
    house.submission("одна")
    with counted(database) as few:
        _look(house)
    for n in range(60):
        made = house.submission(f"м{n}", assignee=house.gleb if n % 2 else None)
        blob = Blob.create(sha256=f"{n:064}", size=1, created_at=NOW)
        Artifact.create(submission=made, slot="instruction", name="a.md", blob=blob, created_at=NOW)
    with counted(database) as many:
        _look(house)
    assert len(many) == len(few) <= 9


def _look(house: House) -> None:
    watch = house.watch()
    queues.numbers(watch, Filters())
    for row in queues.page("free", watch, Filters()).rows:
        _ = (row.author.name, row.claimant and row.claimant.name, row.assignee and row.assignee.name)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The SQL statements of a block."""
    seen: list[str] = []
    original = database.execute_sql

    def execute_sql(sql: str, *rest: Any, **named: Any) -> Any:
        seen.append(sql)
        return original(sql, *rest, **named)

    database.execute_sql = execute_sql
    try:
        yield seen
    finally:
        database.execute_sql = original


def test_what_is_over_leaves_the_search_of_current_work_and_stays_in_that_of_everything(house: House) -> None:
    for title, fields in {
        "открытая": {},
        "у автора": {"state": "returned", "decided_at": NOW - 9 * DAY},
        "сегодня": {"state": "published", "decided_at": NOW},
        "давняя": {"state": "published", "decided_at": NOW - 9 * DAY},
    }.items():
        house.submission(title, description="сейсмика", **fields)
    search.tidy(now=NOW)
    current = Submission.select().where(search.matching("сейсмика")).order_by(Submission.id)
    assert [row.title for row in current] == ["открытая", "у автора", "сегодня"]
    assert len(house.titles("all", Filters(q="сейсмика"))) == 4
