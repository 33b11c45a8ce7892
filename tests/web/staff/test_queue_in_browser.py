"""The queue in a real browser: keys, and renewal that keeps the place (M3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from backoffice.clock import utcnow
from backoffice.store import search
from backoffice.store.listings import Submission
from tests.real.browser import Watched
from tests.usecases.office import Office
from tests.web.staff.conftest import Enter

pytestmark = pytest.mark.browser
on_sqlite = pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # what no database answers differently; the others run on both

PLACES = "tabs => [...tabs.querySelectorAll('.nav-link')].map(link => link.getBoundingClientRect().x)"


@pytest.fixture
def queue(office: Office, enter: Enter) -> Page:
    """Лида's queue with three free submissions."""
    for n, title in enumerate(("первая", "вторая", "третья")):
        office.submission(title, submitted_at=utcnow() + timedelta(minutes=n))
    search.reindex()
    return enter(office.lida, "/staff/queue/?tab=free")


def _look_again(page: Page) -> None:
    with page.expect_response(lambda answer: "/staff/queue/rows" in answer.url):
        page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_what_comes_and_goes_leaves_the_place_alone(queue: Page, office: Office) -> None:
    queue.keyboard.press("j")
    queue.keyboard.press("j")
    queue.keyboard.press("x")
    expect(queue.locator("tr.is-current .title")).to_have_text("вторая")
    Submission.delete().where(Submission.title == "первая").execute()
    office.submission("срочная", deadline_at=utcnow() + timedelta(hours=1), submitted_at=utcnow())
    _look_again(queue)
    expect(queue.locator("tbody .title")).to_have_text(["срочная", "вторая", "третья"])
    expect(queue.locator("#tab-free .tab-count")).to_have_text("3")
    expect(queue.locator("tr.is-current .title")).to_have_text("вторая")
    expect(queue.locator("tr.is-current .title")).to_be_focused()
    expect(queue.locator("tr.is-picked .title")).to_have_text("вторая")
    expect(queue.locator("#picked")).to_have_text("Отмечено: 1")


def test_a_number_that_a_page_does_not_wait_for_moves_nothing_when_it_comes(
    queue: Page, office: Office, person: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.store.queues.MOST", 0)
    queue.clock.install()
    held: list[Route] = []
    queue.route("**/staff/queue/numbers?*", lambda route: held.append(route))  # noqa: PLW0108 (Playwright reads its signature)
    with queue.expect_request("**/staff/queue/numbers?*"):
        queue.goto(f"{queue.url}&q=третья")
    number, tabs = queue.locator("#tab-free .tab-count"), queue.locator(".queue-tabs")
    expect(number).to_contain_text("…")
    expect(queue.locator("tbody .title")).to_have_text(["третья"])
    assert person.serious() == []
    before = tabs.evaluate(PLACES)
    held.pop().continue_()
    expect(number).to_have_text("1")
    assert tabs.evaluate(PLACES) == before
    office.submission("третья с конца", submitted_at=utcnow())
    search.reindex()
    _look_again(queue)
    expect(queue.locator("tbody .title")).to_have_count(2)
    expect(number).to_have_text("1")  # not «…» once more
    queue.unroute("**/staff/queue/numbers?*")
    queue.clock.fast_forward("24:00:00")
    expect(number).to_have_text("2")


@on_sqlite
def test_keys_open_what_they_say(queue: Page, person: Watched) -> None:
    queue.keyboard.press("?")
    expect(queue.locator("#keys")).to_be_visible()
    queue.keyboard.press("Escape")
    queue.keyboard.press("j")
    queue.keyboard.press("w")
    expect(queue.get_by_role("dialog", name="Почему такой срок")).to_be_visible()
    queue.keyboard.press("Escape")
    expect(queue.locator("#why")).to_be_hidden()
    queue.keyboard.press("/")
    expect(queue.locator("#search")).to_be_focused()
    queue.keyboard.type("тре")
    queue.keyboard.press("Enter")
    expect(queue.locator("tbody .title")).to_have_text(["третья"])
    assert person.serious() == []


@on_sqlite
def test_a_key_takes_the_row_in_hand(queue: Page, office: Office) -> None:
    queue.keyboard.press("j")
    queue.keyboard.press("t")
    queue.wait_for_url("**/staff/review/*")
    assert Submission.get(Submission.title == "первая").claimant_id == office.lida.id


@on_sqlite
def test_new_rows_above_do_not_move_what_one_reads(office: Office, enter: Enter) -> None:
    for n in range(40):
        office.submission(f"м{n}", submitted_at=utcnow() + timedelta(minutes=n))
    page = enter(office.lida, "/staff/queue/?tab=free")
    page.emulate_media(reduced_motion="reduce")  # a smooth scroll would still be under way
    for _ in range(25):
        page.keyboard.press("j")
    reading = page.locator("tr.is-current")
    expect(reading.locator(".title")).to_have_text("м24")
    before = reading.bounding_box()
    for n in range(3):
        office.submission(f"срочная {n}", deadline_at=utcnow() + timedelta(hours=1), submitted_at=utcnow())
    _look_again(page)
    expect(page.locator("tbody .title")).to_have_count(43)
    after = reading.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) <= 1
    assert page.evaluate("window.scrollY") > 500
    expect(reading.locator(".title")).to_have_text("м24")
    expect(reading.locator(".title")).to_be_focused()


@on_sqlite
def test_a_half_typed_search_and_an_open_dialog_outlive_a_renewal(queue: Page, office: Office) -> None:
    queue.keyboard.press("/")
    queue.keyboard.type("подшип")
    office.submission("новая", submitted_at=utcnow())
    _look_again(queue)
    expect(queue.locator("tbody .title")).to_have_count(4)
    expect(queue.locator("#search")).to_have_value("подшип")
    expect(queue.locator("#search")).to_be_focused()
    queue.keyboard.press("Escape")
    queue.keyboard.press("?")
    office.submission("ещё одна", submitted_at=utcnow())
    _look_again(queue)
    expect(queue.locator("tbody .title")).to_have_count(5)
    expect(queue.locator("#keys")).to_be_visible()


@on_sqlite
def test_rows_are_dragged_by_their_ticks_to_a_name(queue: Page, office: Office, person: Watched) -> None:
    for title in ("первая", "третья"):
        queue.locator("tr", has_text=title).get_by_role("checkbox").check()
    queue.locator("tr", has_text="третья").locator("td.pick").hover()
    queue.mouse.down()
    queue.mouse.move(200, 500)
    queue.mouse.move(210, 510)
    queue.locator("#hand-out").get_by_text("Глеб").hover()
    assert person.serious() == []
    queue.mouse.up()
    expect(queue.locator("#handover li")).to_have_count(2)
    expect(queue.locator("#hand-out")).to_be_hidden()
    assert not Submission.select().where(Submission.assignee.is_null(False)).exists()
    queue.locator("#handover").get_by_role("button", name="Назначить").click()
    expect(queue.locator("tbody .title")).to_have_text(["вторая"])
    assert {row.title for row in Submission.select().where(Submission.assignee == office.gleb)} == {"первая", "третья"}


@on_sqlite
def test_an_author_is_chosen_while_one_types(queue: Page, office: Office, person: Watched) -> None:
    office.submission("чужая", author=office.person("Борис Ёлкин", "author"), submitted_at=utcnow())
    queue.get_by_role("button", name="Фильтры").click()
    field = queue.get_by_label("Автор: имя или почта")
    with queue.expect_response(lambda answer: "/staff/queue/authors" in answer.url):
        field.press_sequentially("ёл")
    option = queue.locator("#authors option")
    expect(option).to_have_count(1)
    field.fill(option.get_attribute("value") or "")
    expect(queue.locator("tbody .title")).to_have_text(["чужая"])
    assert person.serious() == []
    field.fill("")
    field.press("Enter")
    expect(queue.locator("tbody .title")).to_have_count(4)


def test_two_who_press_next_together_get_two_different_ones(queue: Page, office: Office, beside: Enter) -> None:
    other = beside(office.gleb, "/staff/queue/?tab=free&far=1")
    for page in (queue, other):
        page.evaluate("setTimeout(() => document.getElementById('next-form').requestSubmit())")
    for page in (queue, other):
        page.wait_for_url("**/staff/review/*")
    assert queue.url != other.url
    assert Submission.select().where(Submission.claimant.is_null(False)).count() == 2


@on_sqlite
def test_what_a_colleague_took_is_told_and_leaves_the_list_without_a_reload(queue: Page, office: Office, beside: Enter) -> None:
    queue.locator("#queue").evaluate("list => { list.dataset.still = '' }")  # or its next look may be faster than the key
    other = beside(office.gleb, "/staff/queue/?tab=free&far=1")
    other.keyboard.press("j")
    other.keyboard.press("t")
    other.wait_for_url("**/staff/review/*")
    queue.keyboard.press("j")
    queue.keyboard.press("t")
    expect(queue.locator(".alert-danger")).to_contain_text("Глеб")
    expect(queue.locator("tbody .title")).to_have_text(["вторая", "третья"])
    other.goto(queue.url)  # leaving the review gives it back by its beacon
    _look_again(queue)
    expect(queue.locator("tbody .title")).to_have_text(["первая", "вторая", "третья"])
    expect(queue.locator("#tab-others .tab-count")).to_have_text("0")
