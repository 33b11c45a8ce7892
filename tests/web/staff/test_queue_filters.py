"""The queue's filters, one by one, and its search by word forms (M3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backoffice.clock import utcnow
from backoffice.domain.priority import Reason
from backoffice.store import filters, queues, search
from backoffice.store.base import db
from backoffice.store.listings import DictionaryValue, Submission, SubmissionValue
from backoffice.store.moderation import Decision, EscalationStep, SavedView
from tests.store.test_queues import counted
from tests.usecases.office import MOSCOW, Office
from tests.web.staff.conftest import SignIn, Visitor
from tests.web.staff.test_queue import QUEUE, number, titles

DAY = timedelta(days=1)


def wanted(office: Office, **fields: Any) -> Submission:
    """«искомая», with a plain «прочая» beside it."""
    now = utcnow()
    office.submission("прочая", submitted_at=now, deadline_at=now + 20 * DAY)
    return office.submission("искомая", **{"submitted_at": now, "deadline_at": now + 20 * DAY, **fields})


def classified(kind: str) -> Callable[[Office], dict[str, Any]]:
    def made(office: Office) -> dict[str, Any]:
        value = DictionaryValue.select().where(DictionaryValue.kind == kind).first()
        SubmissionValue.create(submission=wanted(office), value=value)
        return {kind: value.id}

    return made


def by_author(office: Office) -> dict[str, Any]:
    author = office.person("Борис", "author")
    wanted(office, author=author)
    return {"author": author.id}


def by_moderator(office: Office) -> dict[str, Any]:
    wanted(office, assignee=office.gleb)
    return {"moderator": office.gleb.id}


def by_claim(office: Office) -> dict[str, Any]:
    wanted(office, claimant=office.gleb, claimed_at=utcnow(), claim_expires_at=utcnow() + DAY)
    return {"moderator": office.gleb.id}


def by_decision(office: Office) -> dict[str, Any]:
    row = wanted(office, state="returned", decided_at=utcnow())
    Decision.create(submission=row, moderator=office.gleb, kind="return", made_at=utcnow(), artifacts={}, checks={})
    return {"moderator": office.gleb.id}


def by_age(office: Office) -> dict[str, Any]:
    wanted(office, submitted_at=utcnow() - 8 * DAY)
    return {"age": 7}


def by_state(office: Office) -> dict[str, Any]:
    wanted(office, state="returned", decided_at=utcnow())
    return {"state": "returned"}


FILTERS = {
    "state": by_state,
    "author": by_author,
    "moderator, assigned": by_moderator,
    "moderator, at work": by_claim,
    "moderator, decided": by_decision,
    "age": by_age,
    **{kind: classified(kind) for kind in ("industry", "technology", "effect")},
    **{
        f"outcome {outcome}": lambda office, outcome=outcome: (wanted(office, worst_finding=outcome), {"outcome": outcome})[1]
        for outcome in ("pass", "warn", "reject", "error")
    },
}


@pytest.mark.parametrize("name", list(FILTERS))
def test_each_filter_leaves_its_own_rows_in_its_words_in_a_kept_view_and_in_the_csv(
    office: Office, sign_in: SignIn, name: str
) -> None:
    query = FILTERS[name](office)
    lida = sign_in(office.lida)
    page = lida.page(QUEUE, tab="all", **query)
    assert titles(page) == ["искомая"]
    assert number(page, "all") == 1
    assert page.count("chip-off") == 1
    lida.post(f"{QUEUE}views", data={"name": "вид", "tab": "all", **query})
    assert titles(lida.page(f"{QUEUE}?{SavedView.get().query}")) == ["искомая"]
    table = lida.page(f"{QUEUE}export.csv", tab="all", **query)
    assert ("искомая" in table, "прочая" in table) == (True, False)


def test_an_author_is_named_in_any_case_and_asked_about_when_not_one_alone(office: Office, sign_in: SignIn) -> None:
    first, second = (office.person("Борис Ёлкин", "author") for _ in range(2))
    wanted(office, author=first)
    lida = sign_in(office.lida)
    both = lida.page(QUEUE, tab="all", author_name="ёлк")
    assert titles(both) == ["искомая", "прочая"]
    for person in (first, second):
        assert f"author={person.id}" in both
        assert f'<option value="{person.label}">' in lida.page(f"{QUEUE}authors", q="БОРИС")
    alone = lida.get(QUEUE, query_string={"tab": "all", "author_name": first.label}, follow_redirects=True).text
    assert titles(alone) == ["искомая"]
    assert f'value="{first.label}"' in alone
    assert titles(lida.page(f"{QUEUE}?tab=all&author_name=")) == ["искомая", "прочая"]
    assert "Нет автора" in lida.page(QUEUE, tab="all", author_name="никто%")
    assert "Нет автора" in lida.page(QUEUE, tab="all", author_name="Лида")


@pytest.mark.parametrize(("tab", "shown"), [("free", set()), ("today", {"moderator", "state"}), ("all", {"moderator", "state"})])
def test_each_tab_offers_the_filters_that_say_something_there(office: Office, sign_in: SignIn, tab: str, shown: set[str]) -> None:
    everywhere = {"q", "reason", "industry", "technology", "effect", "outcome", "age", "author_name"}
    page = sign_in(office.vera).page(QUEUE, tab=tab)
    form = page[page.index('class="filters') : page.index("</form>", page.index('class="filters'))]
    assert set(re.findall(r'<(?:select|input)[^>]* name="(\w+)"', form)) == everywhere | shown | {"tab"}


def test_who_decided_stands_in_the_row(office: Office, sign_in: SignIn) -> None:
    by_decision(office)
    assert re.search(r"Глеб</span>\s*<span class=\"meta\">решение", sign_in(office.lida).page(QUEUE, tab="today"))


REASONS: dict[Reason, dict[str, Any]] = {
    Reason.INFECTED: {"infected": True, "worst_finding": "reject"},
    Reason.REJECTING: {"worst_finding": "reject"},
    Reason.CHECK_FAILED: {"worst_finding": "error"},
    Reason.RESUBMISSION: {"number": 2},
    Reason.ON_HOLD: {"on_hold": True},
    Reason.OVERRIDDEN: {"deadline_override": True},
    Reason.PROVISIONAL: {"deadline_provisional": True},
}


def reason_for(reason: Reason) -> dict[str, Any]:
    """The fields that give a submission this reason now: a run of the tests may last past midnight."""
    if reason == Reason.OVERDUE:
        return {"deadline_at": utcnow() - DAY}
    if reason == Reason.DUE_TODAY:
        return {"deadline_at": (utcnow().astimezone(MOSCOW) + DAY).replace(hour=0, minute=0, second=0, microsecond=0)}
    return REASONS.get(reason, {})


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_is_a_chip_and_a_filter(office: Office, sign_in: SignIn, reason: Reason) -> None:
    row = wanted(office, **reason_for(reason))
    if reason == Reason.ESCALATED:
        EscalationStep.create(submission=row, step=75, fired_at=utcnow())
    page = sign_in(office.lida).page(QUEUE, tab="free", reason=str(reason))
    assert titles(page) == ["искомая"]
    assert f"reason={reason}" in page[page.index("искомая") :]


@pytest.mark.parametrize("reason", [Reason.OVERDUE, Reason.DUE_TODAY])
def test_a_deadline_is_no_reason_once_it_is_decided(office: Office, sign_in: SignIn, reason: Reason) -> None:
    wanted(office, **reason_for(reason))
    office.submission("решена", state="published", decided_at=utcnow(), **reason_for(reason))
    assert titles(sign_in(office.lida).page(QUEUE, tab="all", reason=str(reason))) == ["искомая"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("обучающая", "Обучающей выборки нет"),
        ("моделями", "Модель"),
        ("распознаванию", "Распознавание речи"),
        ("счетчиков", "Показания счётчика"),
        ("счётчики", "Показания счетчика"),
        ("ЁМКОСТЬ", "емкости сети"),
        ("нейросеть прогнозы", "Прогноз нейросетью"),
        ("networks", "A neural network"),
        ("прогн", "Прогнозирование"),
    ],
)
def test_words_are_found_in_any_form_with_either_yo(office: Office, sign_in: SignIn, words: str, text: str) -> None:
    wanted(office, description=text)
    search.reindex()
    assert titles(sign_in(office.lida).page(QUEUE, tab="free", q=words)) == ["искомая"]


def test_what_one_skipped_comes_up_for_others_only(office: Office, sign_in: SignIn) -> None:
    urgent, later = office.submission("срочная"), office.submission("другая", submitted_at=utcnow() + DAY)
    vera, gleb = sign_in(office.vera), sign_in(office.gleb)
    vera.post("/staff/queue/next")
    assert (
        vera.post(f"/staff/review/{urgent.id}/skip", data={"reason": " "}, headers={"Accept": "application/json"}).status_code
        == 409
    )
    passed_on = vera.post(f"/staff/review/{urgent.id}/skip", data={"reason": "нужен знаток звука"})
    assert passed_on.headers["Location"].endswith(f"/staff/review/{later.id}")
    assert gleb.post("/staff/queue/next").headers["Location"].endswith(f"/staff/review/{urgent.id}")


@pytest.mark.parametrize("many", [False, True], ids=["few match", "as if very many did"])
def test_the_number_of_queries_under_filters_does_not_grow(
    office: Office, sign_in: SignIn, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:  # nothing is fetched by its ids at once, and no page is full before its filters are weighed
        monkeypatch.setattr(filters, "FEW", 0)
        monkeypatch.setattr(queues, "NEAR", 0)
    asked = {
        name: FILTERS[name](office) for name in ("state", "age", "author", "moderator, decided", "industry", "outcome reject")
    }
    asked |= {reason: {"reason": reason} for reason in ("overdue", "escalated", "infected")} | {"words": {"q": "искомая"}}
    everything = {name: value for query in asked.values() for name, value in query.items()}
    lida = sign_in(office.lida)
    before = _queries(lida, [{}, *asked.values(), everything])
    plain, *alone, together = before
    assert max(alone) <= plain + 12
    assert together <= plain + 40
    for n in range(30):
        office.submission(f"м{n}")
    assert _queries(lida, [{}, *asked.values(), everything]) == before


def _queries(visitor: Visitor, asked: list[dict[str, Any]]) -> list[int]:
    """How many each page costs in the dearest list."""
    visitor.page(QUEUE, tab="all")  # what is looked up once
    found = []
    for query in asked:
        with counted(db.obj) as seen:
            visitor.page(QUEUE, tab="all", **query)
        found.append(len(seen))
    return found
