"""How the queue looks in every state: axe in light and dark, long names at every width, and on paper (M3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from backoffice.clock import utcnow
from backoffice.store import search
from backoffice.store.listings import DictionaryValue, SubmissionValue
from backoffice.store.moderation import EscalationStep, Skip
from tests.real.browser import Watched
from tests.usecases.market import Market
from tests.usecases.office import Office
from tests.web.staff.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LONG = "Распознавание дефектов сварных швов магистральных трубопроводов по рентгеновским снимкам " * 3
WORD = "Ы" * 200
WIDTHS = (390, 1280, 1920, 2560, 3840)
QUEUE = "/staff/queue/?tab=all"


@pytest.fixture
def full(office: Office) -> Office:
    """Rows of every kind: long names, all reasons, other people's, decided ones."""
    now = utcnow()
    lease = {"claimed_at": now, "claim_expires_at": now + timedelta(minutes=15), "claim_token": "жетон"}
    office.anna.name, office.anna.team = "Константин-Александр Христорождественский-Преображенский", WORD
    office.anna.save()
    office.submission(LONG[:200], submitted_at=now, claimant=office.gleb, **lease)
    troubled = office.submission(
        WORD,
        submitted_at=now - timedelta(days=9),
        number=2,
        infected=True,
        worst_finding="reject",
        priority=1,
        deadline_override=True,
        deadline_provisional=True,
    )
    EscalationStep.create(submission=troubled, step=133, fired_at=now)
    Skip.create(submission=troubled, person=office.lida, reason=LONG, created_at=now)
    for value in DictionaryValue.select().where(DictionaryValue.kind.in_(["industry", "technology", "effect"])).limit(6):
        SubmissionValue.create(submission=troubled, value=value)
    office.submission("скоро", submitted_at=now, deadline_at=now + timedelta(hours=1))
    office.submission("остановлена", on_hold=True, deadline_at=None, assignee=office.vera)
    office.submission("не проверена", worst_finding="error", assignee=office.lida)
    office.submission("проверяется", state="checking")
    office.submission("решена", state="published", decided_at=now)
    search.reindex()
    return office


def _dialog(selector: str, trigger: Callable[[Page], None]) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        trigger(page)
        expect(page.locator(selector)).to_be_visible()

    return opened


def _filters(page: Page) -> None:
    page.get_by_role("button", name="Фильтры").click()
    expect(page.locator("#more-filters.show")).to_be_visible()


def _ticked(page: Page) -> None:
    page.locator("#pick-all").check()
    expect(page.locator("#bulk")).to_be_visible()


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "rows": (QUEUE, lambda _: None),
    "filters": (QUEUE, _filters),
    "ticked rows": (QUEUE, _ticked),
    "views": (QUEUE, _dialog(".views-menu", lambda page: page.get_by_role("button", name="Мои виды").click())),
    "keys": (QUEUE, _dialog("#keys", lambda page: page.keyboard.press("?"))),
    "why": (QUEUE, _dialog("#why", lambda page: page.locator("[data-why]").first.click())),
    "take over": (QUEUE, _dialog("#takeover", lambda page: page.locator("[data-takeover]").first.click())),
    "nothing found": (f"{QUEUE}&q=абракадабра&reason=overdue", lambda _: None),
    "an empty tab": ("/staff/queue/?tab=authors", lambda _: None),
    "the deadline's page": ("/staff/queue/2/deadline", lambda _: None),
    "a spread": ("/staff/assign/spread", lambda _: None),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(full: Office, enter: Enter, person: Watched, scheme: str) -> None:
    page = enter(full.lida, QUEUE)
    if scheme == "dark":
        page.locator("[data-theme-toggle]").click()
    found = []
    for name, (path, bring) in STATES.items():
        enter(full.lida, path)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        bring(page)
        found += [f"{name}: {violation}" for violation in person.violations()]
    assert not found, "\n".join(found)


def test_long_names_break_no_width(full: Office, enter: Enter) -> None:
    page = enter(full.lida, QUEUE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for selector in ("html", ".table-responsive"):
            whole, seen = page.locator(selector).evaluate("box => [box.scrollWidth, box.clientWidth]")
            assert whole <= seen, (width, selector, whole)


@pytest.mark.parametrize("tab", ["free", "all"])
def test_no_filter_stands_beside_an_empty_place(full: Office, enter: Enter, tab: str) -> None:
    page = enter(full.lida, f"/staff/queue/?tab={tab}")
    _filters(page)
    for width in (390, 800, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        gap = page.locator(".filters-row").evaluate(
            "row => row.getBoundingClientRect().right - row.lastElementChild.getBoundingClientRect().right"
        )
        assert abs(gap) < 1, width


def test_the_tab_that_is_open_is_in_view_on_a_phone(full: Office, enter: Enter, person: Watched) -> None:
    person.page.set_viewport_size({"width": 390, "height": 900})
    for tab in ("mine", "all"):
        expect(enter(full.lida, f"/staff/queue/?tab={tab}").locator(".queue-tabs .active")).to_be_in_viewport(ratio=0.9)


def test_words_grow_on_a_wide_screen(full: Office, enter: Enter) -> None:
    page = enter(full.lida, QUEUE)
    title = page.locator(".title").first
    heights = []
    for width in (1920, 2560, 3840):
        page.set_viewport_size({"width": width, "height": 1200})
        heights.append(title.evaluate("box => parseFloat(getComputedStyle(box).fontSize)"))
    assert heights == sorted(set(heights))


def printed(page: Page) -> list[str]:
    """The words of each sheet of A4."""
    return [sheet.get_textpage().get_text_bounded() for sheet in pypdfium2.PdfDocument(io.BytesIO(page.pdf(format="A4")))]


def test_paper_gets_both_panes_of_a_review_and_the_answers(market: Market, enter: Enter) -> None:
    waiting = market.awaiting()
    page = enter(market.vera, f"/staff/review/{waiting.id}?left=card.description&right=checks")
    page.locator(".point").first.get_by_text("Нет", exact=True).click()
    expect(page.locator(".remark")).to_have_count(1)
    whole = "\n".join(printed(page))
    for words in (waiting.title, waiting.description, "Описание модели", "Отчёты проверок", "Антивирус и формат", "Нет"):
        assert words in whole, words
    for button in ("Взять в работу", "Повторить", "Опубликовать", "Вернуть на доработку", "Каталог моделей"):
        assert button not in whole, button


def test_paper_gets_the_rows_and_nothing_to_press(office: Office, enter: Enter) -> None:
    for n in range(30):
        office.submission(f"Модель {n}", submitted_at=utcnow() + timedelta(minutes=n))
    texts = printed(enter(office.lida, "/staff/queue/?tab=free"))
    whole = "\n".join(texts)
    assert "Свободные (30)" in texts[0]
    assert all(f"Модель {n}" in whole for n in range(30))
    assert all("Модель" in text for text in texts), "an empty sheet"
    for button in ("Взять", "Фильтры", "Мои виды", "Обновляется"):
        assert button not in whole


def test_the_density_is_for_all_visits(full: Office, enter: Enter) -> None:
    page = enter(full.lida, QUEUE)
    roomy = page.locator("tbody tr").last.bounding_box()
    page.get_by_role("button", name="Плотные строки").click()
    expect(page.locator(".queue-table.compact")).to_be_visible()
    dense = enter(full.lida, QUEUE).locator("tbody tr").last.bounding_box()
    assert roomy
    assert dense
    assert dense["height"] < roomy["height"]


@pytest.mark.parametrize(
    ("path", "words"),
    [("/staff/queue/9999/deadline", "Такого нет"), ("/staff/people/", "Ваша роль"), ("/nothing/", "Такой страницы нет")],
)
def test_pages_of_errors_say_what_is_wrong_and_where_to_go(
    office: Office, enter: Enter, person: Watched, path: str, words: str
) -> None:
    page = enter(office.vera, path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
    assert person.violations() == []
    page.get_by_role("link", name="На начальную страницу").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Очередь")
    person.wrongs.clear()  # the status of the error page itself


def test_a_lost_connection_is_said_and_mends_itself(full: Office, enter: Enter, person: Watched) -> None:
    page = enter(full.lida, QUEUE)
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#live-words")).to_contain_text("Нет связи")
    expect(page.locator("#live.lost")).to_be_visible()
    assert person.violations() == []
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#live-words")).to_have_text("Обновляется сама")
    person.wrongs.clear()  # what the browser says of being offline
