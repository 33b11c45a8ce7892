"""The board of the desk in a real browser: cards are dragged from one to another, and the page renews itself (M9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from backoffice.clock import utcnow
from backoffice.store.listings import Submission
from backoffice.usecases import outlook
from tests.real.browser import Watched
from tests.usecases.office import Office, again
from tests.web.staff.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def board(office: Office, enter: Enter) -> Page:
    """Лида's people page: Вера has two, works on a third; one is free, one is of Глеб's own organisation."""
    now = utcnow()
    office.gleb.team = "Зоркий"
    office.gleb.save()
    office.submission("первая", submitted_at=now, assignee=office.vera)
    office.submission("вторая", submitted_at=now + timedelta(minutes=1), assignee=office.vera)
    office.submission(
        "в работе", submitted_at=now, assignee=office.vera, claimant=office.vera, claim_expires_at=now + timedelta(minutes=15)
    )
    office.submission("свободная", submitted_at=now)
    office.submission("своя", submitted_at=now, author=office.person("Борис", "author", team="Зоркий"))
    return enter(office.lida, "/staff/desk/people")


def column(page: Page, who: str) -> Locator:
    return page.locator(".board-column", has=page.get_by_role("heading", name=who))


def card(page: Page, title: str) -> Locator:
    return page.locator(".board-card", has=page.get_by_role("link", name=title, exact=True))


def test_a_card_dragged_to_a_colleague_is_theirs_after_a_preview(board: Page, office: Office, person: Watched) -> None:
    card(board, "первая").drag_to(column(board, "Глеб"))
    expect(board.locator("#handover")).to_contain_text("Новый исполнитель — Глеб")
    expect(board.locator("#handover")).to_contain_text("Вера → Глеб")
    expect(board.locator("#handover")).to_contain_text("сейчас 0 из 20, станет 1")
    assert person.serious() == []
    assert Submission.get(Submission.title == "первая").assignee_id == office.vera.id
    board.locator("#handover").get_by_label("Записка исполнителю").fill("возьми, пожалуйста")
    board.locator("#handover").get_by_role("button", name="Назначить").click()
    expect(column(board, "Глеб").locator(".title")).to_have_text(["первая"])
    assert Submission.get(Submission.title == "первая").assignee_id == office.gleb.id


def test_what_is_ticked_is_dragged_together_and_who_works_on_it_is_named(board: Page, office: Office) -> None:
    card(board, "вторая").get_by_role("checkbox").check()
    card(board, "в работе").get_by_role("checkbox").check()
    card(board, "вторая").drag_to(column(board, "Лида"))
    expect(board.locator("#handover li")).to_have_count(2)
    expect(board.locator("#handover")).to_contain_text("Сейчас в работе (Вера)")
    board.keyboard.press("Enter")
    expect(column(board, "Лида").locator(".board-card")).to_have_count(2)
    expect(column(board, "Вера").locator(".board-card")).to_have_count(1)
    assert Submission.get(Submission.title == "в работе").claimant_id is None


def test_a_conflict_of_interest_says_so_in_words_and_changes_nothing(board: Page, office: Office) -> None:
    card(board, "своя").drag_to(column(board, "Глеб"))
    expect(board.locator("#handover")).to_contain_text("Глеб не может рассматривать модель своей организации.")
    expect(board.locator("#handover").get_by_role("button", name="Назначить")).to_have_count(0)
    board.locator("#handover").get_by_role("button", name="Отменить").click()
    expect(board.locator("#handover")).to_be_hidden()
    assert Submission.get(Submission.title == "своя").assignee_id is None


def test_a_card_dragged_to_the_free_ones_loses_its_assignment(board: Page, office: Office) -> None:
    card(board, "первая").drag_to(column(board, "Свободные"))
    board.locator("#handover").get_by_role("button", name="Снять назначение").click()
    expect(column(board, "Свободные").locator(".board-card")).to_have_count(3)
    assert Submission.get(Submission.title == "первая").assignee_id is None


def test_whoever_does_not_drag_ticks_and_chooses(board: Page, office: Office) -> None:
    board.keyboard.press("j")
    board.keyboard.press("x")
    first = board.locator(".board-card.is-picked .title").inner_text()
    board.get_by_label("Назначить", exact=True).select_option(label="Лида")
    board.locator("#bulk").get_by_role("button", name="Назначить").click()
    expect(column(board, "Лида").locator(".title")).to_have_text([first])


def test_it_renews_itself_without_losing_what_is_ticked(board: Page, office: Office) -> None:
    card(board, "вторая").get_by_role("checkbox").check()
    row = Submission.get(Submission.title == "свободная")
    Submission.update(assignee=office.gleb).where(Submission.id == row.id).execute()
    with board.expect_response(lambda answer: "part=1" in answer.url):
        board.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(column(board, "Глеб").locator(".title")).to_have_text(["свободная"])
    expect(card(board, "вторая").get_by_role("checkbox")).to_be_checked()
    assert again(row).assignee_id == office.gleb.id


def test_the_forecast_renews_itself_around_what_somebody_fills_in(board: Page, office: Office) -> None:
    for n in range(3):
        office.submission(f"просрочим {n}", submitted_at=utcnow())
    board.goto(board.url.replace("people", "forecast"))
    table = board.locator("#forecast details")
    table.get_by_text("То же таблицей").click()
    board.get_by_label("Сколько самых срочных").fill("7")
    board.get_by_label("Кому").select_option(label="Глеб")
    late = board.locator(".card-table tbody tr")
    before = late.count()
    Submission.delete().where(Submission.title.startswith("просрочим")).execute()
    outlook.renew(now=utcnow())
    with board.expect_response(lambda answer: "part=1" in answer.url):
        board.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(late).to_have_count(before - 3)
    expect(board.get_by_label("Сколько самых срочных")).to_have_value("7")
    expect(board.get_by_label("Кому")).to_have_value(str(office.gleb.id))
    expect(table).to_have_attribute("open", "")
    assert board.locator("canvas.chart").evaluate("canvas => Chart.getChart(canvas) !== undefined")
