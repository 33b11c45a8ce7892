"""Previews in a real browser: long ones stay light, everything can be searched, and a place can be pointed at (M3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2 as pdfium
import pytest
from playwright.sync_api import Page, expect

from backoffice.domain.verdicts import Verdict
from backoffice.store.base import db
from backoffice.usecases.record_check import Outcome, current_checks
from backoffice.web import previews
from tests.real.browser import Watched
from tests.real.serving import Server
from tests.real.waiting import until
from tests.usecases.market import Market

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Show = Callable[..., Page]
ARTEFACTS = ("favicon.ico", "404", "preload", "/static/preview.css")  # a bare page's icon; axe loads the style sheet by itself
TABLE = {
    "kind": "table",
    "columns": [{"name": f"столбец {n}", "type": "text"} for n in range(6)],
    "rows": [[f"{row}:{column}" for column in range(6)] for row in range(3000)],
    "total_rows": 90_000,
}
HEADS_IN_VIEW = """(heads) => heads.map((head) => [head.firstChild.textContent, head.getBoundingClientRect()])
    .filter(([, box]) => box.right > 60 && box.left < window.innerWidth).map(([name, box]) => [name, box.left])"""
TREE = {
    "kind": "tree",
    "entries": [{"name": f"папка/{n}.dll", "size": n * 1000, "crc": f"{n:08x}", "flags": []} for n in range(5000)],
    "total": 5000,
    "members": [{"name": "папка/0.dll", "preview": {"kind": "text", "text": "MZ"}}],
}


@pytest.fixture
def previews_url(previews_server: Server) -> str:
    return previews_server.address


@pytest.fixture
def show(market: Market, previewing: None, person: Watched) -> Iterator[Show]:
    """Opens a preview on its own."""

    def shown(preview: dict[str, Any], *, theme: str = "light") -> Page:
        db.connect(reuse_if_open=True)
        waiting = market.awaiting(data_example=Outcome(state="passed", verdict=Verdict.PASS, preview=preview))
        check = next(c for c in current_checks(waiting) if c.slot == "data_example" and c.kind == "scan")
        person.page.add_init_script("window.told = []; window.addEventListener('message', (e) => window.told.push(e.data));")
        person.page.goto(previews.address(market.wiring, check, language="ru", theme=theme))
        return person.page

    yield shown
    person.wrongs[:] = [wrong for wrong in person.wrongs if not any(sign in wrong for sign in ARTEFACTS)]


def nodes(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('*').length"))


def told(page: Page) -> list[Any]:
    """What was pointed at; the message comes a moment after the click."""
    page.wait_for_function("window.told.some((message) => message.anchor)")
    return [message for message in page.evaluate("window.told") if "anchor" in message]


def test_thousands_of_rows_are_not_thousands_of_nodes(show: Show, person: Watched) -> None:
    page = show(TABLE)
    expect(page.get_by_role("cell", name="0:0", exact=True)).to_be_visible()
    assert nodes(page) < 1200
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("cell", name="2999:5", exact=True)).to_be_visible()
    assert nodes(page) < 1200
    expect(page.get_by_role("cell", name="0:0", exact=True)).to_have_count(0)
    page.get_by_label("Найти строку").fill("1717:")
    expect(page.locator("[data-found]")).to_have_text("найдено: 1")
    page.get_by_role("button", name="1718").click()
    assert told(page) == [{"anchor": {"place": "строка 1718"}}]
    assert not (found := person.serious()), found


def test_a_wide_table_keeps_its_head_its_numbers_and_only_the_columns_in_view(show: Show, person: Watched) -> None:
    names = [f"признак {n}" for n in range(200)]
    cells = [[f"{row}:{column}" for column in range(200)] for row in range(100)]
    columns = [{"name": name, "type": "number"} for name in names]
    page = show({"kind": "table", "columns": columns, "rows": cells, "total_rows": 400, "total_columns": 1000})
    expect(page.locator(".facts").first).to_have_text(
        "строк: 400, столбцов: 1000 · показаны первые строки: 100 · показаны первые столбцы: 200"
    )
    expect(page.get_by_role("cell", name="0:0", exact=True)).to_be_visible()
    assert nodes(page) < 4000  # of 20,000 cells
    expect(page.get_by_role("cell", name="0:199", exact=True)).to_have_count(0)
    page.evaluate("window.scrollTo(6000, 0)")
    expect(page.get_by_role("cell", name="0:0", exact=True)).to_have_count(0)
    heads = page.locator("thead th:not(.n)").evaluate_all(HEADS_IN_VIEW)
    assert len(heads) > 5
    assert page.locator("thead th").nth(100).evaluate("(head) => head.scrollWidth <= head.clientWidth")  # its name is not cut
    for name, x in heads:
        box = page.get_by_role("cell", name=f"0:{name.removeprefix('признак ')}", exact=True).bounding_box()
        assert box
        assert abs(box["x"] - x) < 1.5
    page.evaluate("window.scrollTo(document.documentElement.scrollWidth, document.documentElement.scrollHeight)")
    last = page.get_by_role("cell", name="99:199", exact=True)
    expect(last).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="признак 199")).to_be_in_viewport()
    expect(page.get_by_role("button", name="100", exact=True)).to_be_in_viewport()
    assert last.bounding_box()["x"] == page.get_by_role("columnheader", name="признак 199").bounding_box()["x"]  # type: ignore[index]
    expect(page.get_by_role("cell", name="99:0", exact=True)).to_have_count(0)
    assert not (found := person.serious()), found
    paper = pdfium.PdfDocument(page.pdf(format="A4"))
    words = "".join(sheet.get_textpage().get_text_range() for sheet in paper)
    assert all(f"{row}:{column}" in words for row in (0, 99) for column in (0, 10, 199))


def test_a_row_walked_to_shows_its_long_cells_whole(show: Show) -> None:
    long = "очень длинный отзыв о товаре " * 6
    page = show({**TABLE, "rows": [[n, long, *range(4)] for n in range(30)]})
    row = page.get_by_role("row").nth(2)
    before = row.bounding_box()
    row.get_by_role("button").focus()
    after = row.bounding_box()
    assert before
    assert after
    assert after["height"] > 1.5 * before["height"]


@pytest.mark.parametrize(
    ("preview", "said"),
    [
        ({"kind": "document", "text": "", "html": ""}, "Документ пуст."),
        (
            {"kind": "document", "text": "\n\f\n", "pages": 2, "files": ["page-1.png"]},
            "страниц: 2 · текста нет, только изображения",
        ),
        (
            {"kind": "document", "text": "Схема", "html": "<p>▣</p>", "truncated": True},
            "показано только начало · на месте рисунков знак ▣",
        ),
        ({"kind": "image", "width": 9, "height": 8, "mode": "RGBA", "frames": 10}, "9 × 8 · RGBA · кадров: 10, показан первый"),
        ({"kind": "none", "note": "too_large"}, "Файл слишком велик для просмотра"),
        ({"kind": "table", "columns": [{"name": "a", "type": "empty"}], "rows": [], "total_rows": 0}, "пусто"),
    ],
)
def test_what_is_empty_cut_or_left_out_is_said(show: Show, preview: dict[str, Any], said: str) -> None:
    expect(show(preview).locator("body")).to_contain_text(said)


def test_a_tree_of_thousands_of_members_is_searched_and_pointed_at(show: Show, person: Watched) -> None:
    page = show(TREE, theme="dark")
    expect(page.get_by_role("cell", name="папка/0.dll")).to_be_visible()
    assert nodes(page) < 1200
    page.get_by_label("Найти строку").fill("4321.dll")
    expect(page.get_by_role("cell", name="папка/4321.dll")).to_be_visible()
    page.get_by_role("button", name="4322").click()
    assert told(page) == [{"anchor": {"member": "папка/4321.dll"}}]
    assert not (found := person.serious()), found


def test_json_opens_level_by_level(show: Show, person: Watched) -> None:
    page = show({"kind": "json", "tree": {"порог": 0.5, "слои": [{"имя": f"слой {n}"} for n in range(100)]}, "values": 1})
    expect(page.get_by_text("порог")).to_be_visible()
    assert page.get_by_text("слой 7").count() == 0
    page.get_by_text("слои").click()
    page.locator("summary", has_text="7:").first.click()
    expect(page.get_by_text('"слой 7"')).to_be_visible()
    assert not (found := person.serious()), found


def test_the_words_of_a_document_are_found_by_page(show: Show, person: Watched) -> None:
    page = show({"kind": "document", "text": "Введение\n\fЗапуск: docker compose up\n\fОшибки", "pages": 3, "files": []})
    page.get_by_label("Найти в тексте").fill("DOCKER")
    hit = page.locator(".hit")
    expect(hit).to_contain_text("страница 2")
    hit.click()
    expect(page.locator("mark")).to_have_text("docker")
    expect(page.locator("mark")).to_be_in_viewport()
    page.get_by_label("Найти в тексте").fill("нет такого")
    expect(page.locator("[data-hits]")).to_have_text("Ничего не нашлось")
    assert not (found := person.serious()), found


def test_markup_in_cells_and_keys_stays_text(show: Show, person: Watched) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    page = show({**TABLE, "rows": [[hostile] * 6], "columns": [{"name": hostile, "type": "text"}] * 6})
    expect(page.get_by_role("cell", name=hostile).first).to_be_visible()
    page = show({"kind": "json", "tree": {hostile: hostile}})
    expect(page.get_by_text(hostile).first).to_be_visible()
    assert page.locator("img").count() == 0


def test_on_paper_every_row_stands_that_the_preview_has(show: Show, person: Watched) -> None:
    page = show({**TABLE, "rows": TABLE["rows"][:300]})
    paper = pdfium.PdfDocument(page.pdf(format="A4"))
    words = "".join(sheet.get_textpage().get_text_range() for sheet in paper)
    assert all(re.search(rf"\b{row}:5\b", words) for row in range(300))
    until(lambda: nodes(page) < 1200, about="afterwards only those in view again")
