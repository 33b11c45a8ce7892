"""A moderator's day by keyboard alone, and what others do meanwhile (M2, M3).

Key presses are counted from the queue to a decision that is sent; the remark's own words are not (docs/workbench.md).
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Books, Come
from tests.real.product import Product
from tests.real.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_FOR_A_RETURN, MOST_FOR_A_PUBLICATION = 20, 6


class Keyboard:
    """Presses keys and counts them; words of a remark are typed without counting."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def words(self, text: str) -> None:
        self.page.keyboard.insert_text(text)


def take_next(keys: Keyboard, url: str, submission: int) -> None:
    """«Взять следующую» from the queue."""
    keys.page.goto(f"{url}/staff/queue/")
    keys.press("n")
    keys.page.wait_for_url(f"**/staff/review/{submission}")
    expect(keys.page.locator("#claim")).to_contain_text("осталось")


def refuse(keys: Keyboard, point: int) -> None:
    """«Нет» at a point of the checklist: its remark is drafted and its gaps, if any, are filled in."""
    before = keys.page.locator(".remark").count()
    keys.press(str(point), str(point))
    box = keys.page.locator(".remark").nth(before)
    expect(box).to_be_visible()
    gaps = box.locator("input").count()
    for gap in range(gaps):
        if gap:
            keys.press("Tab")
        keys.words("что именно")
    keys.press("Escape")


def test_a_return_with_three_remarks_and_a_publication(shared: Product, books: Books, come: Come) -> None:
    vera = come("vera")
    submission = books.give("vera")
    keys = Keyboard(vera.page)
    take_next(keys, shared.url, submission)
    for point in (1, 2, 3):
        refuse(keys, point)
    keys.press("v")
    vera.page.wait_for_url(re.compile(rf"/staff/(queue/|review/(?!{submission}$))"))
    kinds = books.rows("SELECT kind FROM decision WHERE submission_id = ?", submission)
    remarks = books.rows("SELECT text FROM remark WHERE submission_id = ?", submission)
    assert (kinds, len(remarks)) == ([("return",)], 3)
    assert not any("{" in text for (text,) in remarks)
    until(
        lambda: books.rows(
            "SELECT 1 FROM mail WHERE submission_id = ? AND sent_at IS NOT NULL AND event = 'returned'", submission
        )
    )
    assert keys.pressed <= MOST_FOR_A_RETURN
    print(f"\nkey presses, a return with three remarks: {keys.pressed}")

    vera.page.goto(f"{shared.url}/staff/queue/")  # leaves what came up next, which gives it back
    submission = books.give("vera")
    keys = Keyboard(vera.page)
    take_next(keys, shared.url, submission)
    publish = vera.page.locator('[data-decide="publish"]')
    if publish.is_disabled():
        keys.press("o")
        expect(publish).to_be_enabled()
    keys.press("a")
    vera.page.wait_for_url(re.compile(rf"/staff/(queue/|review/(?!{submission}$))"))
    assert books.rows("SELECT kind FROM decision WHERE submission_id = ?", submission) == [("publish",)]
    assert keys.pressed <= MOST_FOR_A_PUBLICATION
    print(f"key presses, a publication: {keys.pressed}")
    vera.page.goto(f"{shared.url}/staff/queue/")
    assert vera.wrongs == []


def test_of_two_who_take_the_same_one_gets_it_and_a_lapse_loses_nothing(shared: Product, books: Books, come: Come) -> None:
    vera, gleb = come("vera"), come("gleb")
    submission = books.give("vera", worst="('pass', 'warn', 'reject')")
    books.change("UPDATE submission SET assignee_id = NULL WHERE id = ?", submission)
    address = f"{shared.url}/staff/review/{submission}"
    for each in (vera, gleb):
        each.page.goto(address)
    vera.page.keyboard.press("t")
    expect(vera.page.locator("#claim")).to_contain_text("осталось")
    gleb.page.keyboard.press("t")
    expect(gleb.page.locator(".alert-danger").first).to_contain_text("Вера Мельникова")
    assert gleb.page.locator("#claim").count() == 0

    vera.page.keyboard.press("r")
    vera.page.keyboard.insert_text("Недописанное замечание")
    expect(vera.page.locator("#kept")).to_contain_text("сохранено")
    books.change("UPDATE submission SET claim_expires_at = '2020-01-01 00:00:00.000000+00:00' WHERE id = ?", submission)
    gleb.page.goto(address)
    gleb.page.keyboard.press("t")
    expect(gleb.page.locator("#claim")).to_contain_text("осталось")
    expect(vera.page.locator("#live")).to_contain_text("Глеб Тарасов")
    expect(vera.page.locator('[data-decide="return"]')).to_be_disabled()
    vera.page.reload()
    expect(vera.page.locator(".remark textarea")).to_have_value("Недописанное замечание")

    books.change(  # another version of the tools looks at the files meanwhile
        "UPDATE check_result SET version = version || '+' WHERE id IN (SELECT check_id FROM artifact_check "
        "JOIN artifact ON artifact.id = artifact_id WHERE submission_id = ?)",
        submission,
    )
    gleb.page.keyboard.press("r")
    gleb.page.keyboard.insert_text("Опишите, как запускать")
    gleb.page.keyboard.press("Escape")
    gleb.page.keyboard.press("v")
    expect(gleb.page.locator("#live")).to_contain_text("изменились")
    assert books.rows("SELECT count(*) FROM decision WHERE submission_id = ?", submission) == [(0,)]
    expect(gleb.page.locator("#kept")).to_contain_text("сохранено")  # also when what changed was told before the key was pressed
    gleb.page.reload()
    expect(gleb.page.locator(".remark textarea")).to_have_value("Опишите, как запускать")
