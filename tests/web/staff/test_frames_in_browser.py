"""Previews inside the review page, each frame of an origin of its own: pointed at by key, scrolled together, printed whole (M3)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from playwright.sync_api import Frame, Route, expect

from backoffice.store.listings import Submission
from tests.real.browser import Watched
from tests.real.serving import Server
from tests.real.waiting import until
from tests.usecases.market import Market
from tests.web.staff.conftest import Come
from tests.web.test_panes import archive, next_round, seen

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def rows(name: str) -> dict[str, object]:
    cells = [[f"{name}{row}."] for row in range(400)]
    return {"kind": "table", "columns": [{"name": "а", "type": "text"}], "rows": cells, "total_rows": 400, "total_columns": 1}


@pytest.fixture
def previews_url(previews_server: Server) -> str:
    return previews_server.address


@pytest.fixture
def again(market: Market) -> Submission:
    """A second round whose table has other values than the first one's."""
    first = market.awaiting(data_example=seen(rows("было")))
    market.decide(first, "return", market.vera)
    return next_round(market, first, "Другое", data_example=seen(rows("стало")), model_archive=archive("ПРОЧТИ.md", a="1"))


@pytest.fixture
def vera(previewing: None, come: Come, market: Market) -> Watched:
    return come(market.vera)


def frame(vera: Watched, side: str) -> Frame:
    """The preview in one pane."""
    holder = vera.page.locator(f'.pane[data-side="{side}"] iframe.preview').element_handle()
    found = holder.content_frame()
    assert found
    found.wait_for_selector(".pin")
    return found


def test_a_row_and_a_member_are_pointed_at_by_key(vera: Watched, again: Submission) -> None:
    page, keys = vera.page, vera.page.keyboard
    page.goto(f"/staff/review/{again.id}?left=file.data_example&right=file.model_archive")
    table = frame(vera, "left")
    keys.press("h")
    for row in range(1, 31):  # further than the rows that were in view at first
        keys.press("n")
        expect(table.get_by_role("button", name=str(row), exact=True)).to_be_focused()
    keys.press("p")
    expect(table.get_by_role("button", name="29", exact=True)).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".remark textarea")).to_be_focused()
    expect(page.locator(".remark")).to_contain_text("Пример формата данных · строка 29")
    keys.press("Escape")
    members = frame(vera, "right")
    keys.press("l")
    keys.press("n")
    expect(members.locator(".pin").first).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".remark").nth(1)).to_contain_text("Архив с моделью · a")


def test_two_previews_of_like_files_scroll_together_by_wheel_and_by_key(vera: Watched, again: Submission) -> None:
    page = vera.page
    page.goto(f"/staff/review/{again.id}?left=was.file.data_example&right=file.data_example")
    expect(page.locator("[data-sync-scroll]")).to_be_checked()
    left, right = frame(vera, "left"), frame(vera, "right")
    page.locator('.pane[data-side="left"] iframe.preview').hover()
    page.mouse.wheel(0, 3000)
    together(left, right, lambda part: part > 0.28)
    page.keyboard.press("l")
    for _ in range(5):
        page.keyboard.press("j")
    together(left, right, lambda part: part > 0.38)
    page.locator("[data-sync-scroll]").uncheck()
    page.locator('.pane[data-side="right"] iframe.preview').hover()
    page.mouse.wheel(0, -20000)
    until(lambda: scrolled(right) == 0)
    assert scrolled(left) > 0.38


def scrolled(of: Frame) -> float:
    """Which part of the way a preview is scrolled down."""
    return float(
        of.evaluate(
            "(({scrollTop, scrollHeight, clientHeight}) => scrollTop / (scrollHeight - clientHeight))(document.documentElement)"
        )
    )


def together(left: Frame, right: Frame, there: Callable[[float], bool]) -> None:
    until(lambda: there(scrolled(left)) and abs(scrolled(left) - scrolled(right)) < 0.005)


def test_a_review_is_printed_with_its_previews_whole(vera: Watched, again: Submission) -> None:
    page, late = vera.page, list[Route]()
    page.route("**/review-panes.js*", lambda route: late.append(route))  # noqa: PLW0108  (playwright marks its handlers; the frames come before the listener)
    with page.expect_request("**/review-panes.js*"):
        page.goto(f"/staff/review/{again.id}?left=was.file.data_example&right=file.data_example", wait_until="commit")
    frame(vera, "left")
    frame(vera, "right")
    late[0].continue_()
    expect(page.locator('iframe.preview[style*="--whole"]')).to_have_count(2)
    paper = pdfium.PdfDocument(page.pdf(format="A4"))
    words = "".join(sheet.get_textpage().get_text_range() for sheet in paper)
    for name in ("было", "стало"):
        printed = {int(row) for row in re.findall(rf"{name}(\d+)\.", words)}
        assert printed == set(range(400)), sorted(set(range(400)) - printed)
