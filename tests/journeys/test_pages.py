"""Every main page for everybody who works on it: accessible in light and dark, whole on a phone, and English when asked."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from backoffice.demo.players import PLAYERS
from tests.journeys.conftest import Books, Come
from tests.real.product import Product
from tests.real.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = {"width": 390, "height": 844}
RUSSIAN = re.compile(r"[а-яё]", re.IGNORECASE)
NAMES = re.compile("|".join(["РУ", *(re.escape(player.name) for player in PLAYERS)]))  # people keep theirs
PUBLIC = ("/", "/models/{listing}", "/rules/", "/health")
PAGES = {
    "ilya": (*PUBLIC, "/cabinet/models", "/cabinet/submissions/{own}", "/cabinet/submissions/{draft}/edit"),
    "vera": (
        "/staff/queue/?tab=all",
        "/staff/review/{waiting}",
        "/staff/review/{returned}?left=history&right=author",
        "/staff/notices/",
    ),
    "olga": (
        "/staff/queue/?tab=free",
        "/staff/desk/",
        "/staff/desk/people",
        "/staff/desk/forecast",
        "/staff/calendar/",
        "/staff/dictionaries/",
        "/staff/templates/new/",
        "/staff/audit/",
    ),
    "admin": ("/staff/admin/", "/staff/people/", "/staff/endpoints/", "/staff/dead/", "/staff/letters/"),
}


@pytest.fixture
def addresses(shared: Product, books: Books) -> dict[str, int]:
    """What the addresses are filled with."""
    told = "SELECT 1 FROM outbox WHERE actor = 'hook' AND finished_at IS NULL"
    until(lambda: not books.rows(told), about="the catalog has heard of everything that was published and taken down")
    one = lambda sql: books.rows(sql)[0][0]  # noqa: E731
    author = "(SELECT id FROM person WHERE email = 'ilya@mlplace.example')"
    return {
        "listing": one("SELECT listing_id FROM catalog_entry WHERE visible = 1"),
        "waiting": one("SELECT id FROM submission WHERE state = 'awaiting_review' AND number > 1"),
        "returned": one("SELECT id FROM submission WHERE state = 'returned'"),
        "own": one(f"SELECT id FROM submission WHERE author_id = {author} AND state <> 'draft'"),
        "draft": 0,
    }


def pages_of(who: str, shared: Product, addresses: dict[str, int]) -> list[str]:
    known = {name: value for name, value in addresses.items() if value}
    return [shared.url + path.format(**known) for path in PAGES[who] if not ("{draft}" in path and "draft" not in known)]


def draft_of(page: Page, shared: Product) -> int:
    """A new draft of this author; its id."""
    page.goto(f"{shared.url}/cabinet/models")
    page.get_by_role("button", name="Добавить модель").first.click()
    page.wait_for_url("**/edit")
    return int(page.url.split("/")[-2])


@pytest.mark.parametrize("who", list(PAGES))
def test_pages_are_accessible_and_whole_on_a_phone_and_in_the_dark(
    shared: Product, come: Come, addresses: dict[str, int], who: str
) -> None:
    someone = come(who)
    page, troubles = someone.page, []
    if who == "ilya":
        addresses["draft"] = draft_of(page, shared)
    for dark in (False, True):
        if dark:
            page.locator("[data-theme-toggle]").click()
        for address in pages_of(who, shared, addresses):
            page.goto(address)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark" if dark else "light")
            troubles += [f"{'dark' if dark else 'light'}: {found}" for found in someone.serious()]
    page.set_viewport_size(PHONE)
    for address in pages_of(who, shared, addresses):
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            troubles.append(f"phone: {width} px wide ({address})")
    assert not troubles, "\n".join(troubles)
    assert someone.wrongs == []


@pytest.mark.parametrize("who", ["vera", "olga"])
def test_the_english_interface_has_no_russian_words_of_its_own(
    shared: Product, come: Come, addresses: dict[str, int], who: str
) -> None:
    someone = come(who)
    page = someone.page
    page.get_by_role("button", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    left: list[str] = []
    for address in pages_of(who, shared, addresses):
        page.goto(address)
        words = page.locator(
            "button:not(.templates button), label, th, h1.page-title, .nav-link, .dropdown-item"
        ).all_inner_texts()
        left += [f"{text!r} ({address})" for text in words if RUSSIAN.search(NAMES.sub("", text))]
    page.get_by_role("button", name="РУ").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert not left, "\n".join(left)
    assert someone.wrongs == []
