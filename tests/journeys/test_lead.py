"""A lead's day in a browser: from the morning's letter to a changed calendar, in both languages, on a desk and on a phone (M1, M7, M9).

What the screens looked like is kept in ``test-artifacts/lead``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from backoffice.clock import utcnow
from backoffice.store.database import open_database
from backoffice.store.outbox import Job, Mail
from backoffice.usecases import digest
from backoffice.usecases.policy_clock import day_clock, mail_clock
from config.settings import ROOT
from tests.journeys.conftest import Books, Come
from tests.real.browser import Watched
from tests.real.product import Product
from tests.real.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ALBUM = ROOT / "test-artifacts" / "lead"
PHONE = {"width": 390, "height": 844}
DRAWN = """() => { const charts = [...document.querySelectorAll("canvas.chart")]; return charts.length && charts.every(
  (one) => one.width && one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some((byte) => byte)) }"""
SWEEP = 180.0  # seconds within which open deadlines follow the calendar


class Lead:
    """Ольга at her browser; each look is kept and examined by axe."""

    def __init__(self, watched: Watched, url: str) -> None:
        self.watched, self.page, self.url = watched, watched.page, url
        ALBUM.mkdir(parents=True, exist_ok=True)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def look(self, name: str) -> None:
        self.page.screenshot(path=ALBUM / f"{name}.png", full_page=True)
        assert self.watched.serious() == [], name

    def column(self, who: str) -> Locator:
        return self.page.locator(".board-column", has=self.page.get_by_role("heading", name=who))


@pytest.fixture
def lead(shared: Product, come: Come) -> Iterator[Lead]:
    watched = come("olga")
    yield Lead(watched, shared.url)
    assert watched.wrongs == []


def morning_letter(shared: Product) -> None:
    """The scheduler's letter of nine o'clock, whatever the time is now; the product's own workers deliver it, who need not wait for that hour."""
    database = open_database(f"sqlite:///{shared.var / 'backoffice.db'}")
    with database.connection_context():
        digest.send_digest(now=mail_clock().next_working(utcnow()))
        letters = Mail.select(Mail.id).where(Mail.event == "digest")
        Job.update(due_at=utcnow()).where((Job.actor == "mail") & Job.subject.in_(letters)).execute()
    database.close()


def coming_day(shared: Product) -> date:
    """The next working day."""
    database = open_database(f"sqlite:///{shared.var / 'backoffice.db'}")
    with database.connection_context():
        clock = day_clock()
        found = clock.day_of(clock.next_working(clock.midnight(clock.day_of(utcnow()) + timedelta(days=1))))
    database.close()
    return found


def opens_the_letter(lead: Lead, shared: Product, books: Books) -> None:
    morning_letter(shared)
    until(lambda: books.rows("SELECT 1 FROM mail WHERE event = 'digest' AND sent_at IS NOT NULL"), about="the morning letter")
    lead.go("/mail/")
    lead.page.locator(".list-group-item", has_text="olga@mlplace.example").filter(has_text="сегодня").first.click()
    letter = lead.page.frame_locator("iframe")
    assert "/staff/desk/list/overdue" in (letter.locator("a[href*='/list/']").first.get_attribute("href") or "")
    lead.look("01-letter")
    address = letter.get_by_role("link", name="Открыть стол руководителя").get_attribute("href")
    lead.go(urlsplit(address or "").path)


def a_number_opens_its_rows(lead: Lead) -> None:
    page = lead.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Стол руководителя")
    lead.look("02-now")
    figure = page.locator(".figure-open")  # the demo's last checks may still move the others
    number = int(figure.locator(".figure-value").inner_text())
    figure.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Открыты")
    expect(page.locator("tbody tr")).to_have_count(number)
    assert number > 0
    lead.look("03-open")


def spreads_evenly(lead: Lead, books: Books) -> None:
    page = lead.page
    page.get_by_role("link", name="Люди").click()
    lead.look("04-people")
    page.get_by_role("link", name="Разложить поровну").click()
    expect(page.get_by_text("Предпросмотр: пока ничего не изменено")).to_be_visible()
    lead.look("05-spread")
    free = "SELECT COUNT(*) FROM submission WHERE state = 'awaiting_review' AND assignee_id IS NULL AND claimant_id IS NULL"
    before = books.rows(free)[0][0]
    page.get_by_role("button", name="Раздать").click()
    expect(page.locator(".alert-success")).to_be_visible()
    assert books.rows(free)[0][0] < before


def drags_a_card(lead: Lead, books: Books) -> int:
    """The submission that went from Вера to Глеб."""
    page = lead.page
    number = int(lead.column("Вера Мельникова").locator(".board-card").first.get_attribute("data-id") or "")
    card = page.locator(f'.board-card[data-id="{number}"]')  # the board renews itself
    page.locator(".board").evaluate(
        "board => board.scrollIntoView()"
    )  # both columns are seen: nothing scrolls under the held card
    card.drag_to(lead.column("Глеб Тарасов"))
    dialog = page.locator("#handover")
    expect(dialog).to_contain_text("Глеб Тарасов")
    lead.look("06-dragged")
    dialog.get_by_role("button", name="Назначить").click()
    to = (
        "SELECT 1 FROM submission JOIN person ON person.id = assignee_id WHERE submission.id = ? AND person.name = 'Глеб Тарасов'"
    )
    until(lambda: books.rows(to, number), about="the card that was dragged is Глеб's")
    expect(dialog).to_be_hidden()
    return number


def stops_the_clock_and_lets_it_run(lead: Lead, number: int) -> None:
    page, dialog = lead.page, lead.page.locator("#clock")
    lead.go(f"/staff/review/{number}")
    for reason, button, seen in (("Ждём юристов", "Приостановить", True), ("Юристы ответили", "Продолжить отсчёт", False)):
        page.locator("[data-bs-target='#clock']").click()
        expect(dialog).to_be_visible()
        lead.look(f"07-clock-{'held' if seen else 'resumed'}")
        dialog.get_by_label("Причина").first.fill(reason)
        with page.expect_navigation():  # and its scripts are there for the next click
            dialog.get_by_role("button", name=button).click()
        expect(page.locator(".review-head").get_by_text("приостановлено").first).to_be_visible(visible=seen)


def moves_the_deadline(lead: Lead, number: int, day: date) -> None:
    page, dialog = lead.page, lead.page.locator("#clock")
    page.locator("[data-bs-target='#clock']").click()
    dialog.get_by_label("Новый срок").fill(f"{day}T18:30")
    dialog.get_by_label("Причина").last.fill("Обещали автору раньше")
    with page.expect_navigation():
        dialog.get_by_role("button", name="Перенести срок").click()
    page.locator(".review-head").get_by_role("link", name="почему?").click()
    expect(page.locator("main")).to_contain_text("Обещали автору раньше")
    expect(page.locator("main")).to_contain_text("Ждём юристов")
    expect(page.locator("main")).to_contain_text("18:30")
    lead.look("08-why")


def asks_what_if(lead: Lead) -> None:
    page = lead.page
    lead.go("/staff/desk/forecast")
    page.get_by_label("Сколько самых срочных").fill("3")
    page.get_by_label("Чьих").select_option(label="Тимур Валиев")
    page.get_by_label("Кому").select_option(label="Глеб Тарасов")
    page.get_by_role("button", name="Посчитать").click()
    expect(page.get_by_role("status").filter(has_text="Пунктир показывает")).to_be_visible()
    page.wait_for_function(DRAWN)
    lead.look("09-forecast")


def downloads_history(lead: Lead) -> None:
    page = lead.page
    page.get_by_role("link", name="История").click()
    page.wait_for_url("**/desk/history")
    page.wait_for_function(DRAWN)
    lead.look("10-history")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 13


def takes_a_day_off(lead: Lead, books: Books, day: date) -> None:
    page = lead.page
    page.get_by_role("link", name="Календарь", exact=True).click()
    # Before the holidays the next working day is of another year.
    page.get_by_role("group", name="Год").get_by_role("link", name=str(day.year)).click()
    page.locator(f"a.day[href*='day={day}']").click()
    page.get_by_label("Станет").select_option("off")
    page.get_by_label("Причина").fill("Переезд офиса")
    lead.look("11-calendar")
    page.get_by_role("button", name="Показать, что сдвинется").click()
    said = page.get_by_text(re.compile(r"Сдвин\S+ \d+ срок"))
    expect(said).to_be_visible()
    lead.look("12-preview")
    moved = int(re.sub(r"\D", "", said.inner_text()))
    last = books.rows("SELECT COALESCE(MAX(id), 0) FROM audit")[0][0]
    page.get_by_role("button", name="Изменить календарь").click()
    expect(page.locator(".changes")).to_contain_text("Переезд офиса")
    by_calendar = "SELECT COUNT(*) FROM audit WHERE id > ? AND action = 'deadline_moved' AND data LIKE '%\"calendar\"%'"
    until(lambda: books.rows(by_calendar, last)[0][0] >= moved, patience=SWEEP, about="open deadlines follow the calendar")
    page.get_by_role("link", name="Отменить…").first.click()
    page.get_by_role("button", name="Отменить изменение").click()
    expect(page.locator(".changes")).to_contain_text("Больше не действует")


def reads_it_in_english_and_on_a_phone(lead: Lead) -> None:
    page = lead.page
    pages = {"now": "", "people": "people", "forecast": "forecast", "history": "history", "calendar": "../calendar/"}
    page.get_by_role("button", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for name, path in pages.items():
        lead.go(f"/staff/desk/{path}")
        lead.look(f"13-en-{name}")
    page.get_by_role("button", name="РУ").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.set_viewport_size(PHONE)
    for name, path in pages.items():
        lead.go(f"/staff/desk/{path}")
        lead.look(f"14-phone-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name


def test_a_leads_day(shared: Product, books: Books, lead: Lead) -> None:
    day = coming_day(shared)
    opens_the_letter(lead, shared, books)
    a_number_opens_its_rows(lead)
    spreads_evenly(lead, books)
    number = drags_a_card(lead, books)
    stops_the_clock_and_lets_it_run(lead, number)
    moves_the_deadline(lead, number, day)
    asks_what_if(lead)
    downloads_history(lead)
    takes_a_day_off(lead, books, day)
    reads_it_in_english_and_on_a_phone(lead)
