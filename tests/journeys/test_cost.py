"""What a decision costs a moderator in key presses, clicks and page loads: here, and on the stock Flask-Admin screens (docs/workbench.md).

python -m pytest -s tests/journeys/test_cost.py
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from peewee import Database
from playwright.sync_api import Browser, expect

from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, Remark
from backoffice.wiring import Wiring
from config.settings import Settings
from tests.journeys.conftest import Books, Come
from tests.journeys.stock import Hand, stock
from tests.journeys.test_keyboard import Keyboard, refuse, take_next
from tests.real.product import Product
from tests.usecases.market import Market
from tests.usecases.office import again

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = "Опишите, на каких данных получена точность."
ARCHIVE = "file.model_archive"
Cost = tuple[int, int]  # key presses and clicks, page loads


@pytest.fixture
def database_url(_migrated_sqlite: Path, tmp_path: Path) -> str:
    """Acts are counted, not timed: one database is enough."""
    (tmp_path / "test.db").write_bytes(_migrated_sqlite.read_bytes())
    return f"sqlite:///{tmp_path / 'test.db'}"


def here(come: Come, books: Books, url: str, *, publish: bool) -> Cost:
    """From the open queue to a decision that is sent, by keyboard; every file is looked at."""
    page, submission = come("vera").page, books.give("vera")
    hand, keys = Hand(page), Keyboard(page)
    take_next(keys, url, submission)
    look_at_files(keys)
    if not publish:
        for point in (1, 2, 3):
            refuse(keys, point)
    elif page.locator('[data-decide="publish"]').is_disabled():
        keys.press("o")
        expect(page.locator('[data-decide="publish"]')).to_be_enabled()
    keys.press("a" if publish else "v")
    page.wait_for_url(re.compile(rf"/staff/(queue/|review/(?!{submission}\b))"))
    loads = hand.loads - 1  # the queue was open before
    page.goto("about:blank")  # what came up next goes back
    kind = "publish" if publish else "return"
    assert books.rows("SELECT kind FROM decision WHERE submission_id = ?", submission) == [(kind,)]
    return keys.pressed, loads


def look_at_files(keys: Keyboard) -> None:
    """All four, by the pairs of the panes: the description beside the data, instruction and terms beside the archive."""
    panes = [keys.page.locator(f'.pane[data-side="{side}"]') for side in ("left", "right")]
    for pair in (("card.description", "file.data_example"), ("file.instruction", ARCHIVE), ("file.terms_of_use", ARCHIVE)):
        keys.press("b")
        for pane, shown in zip(panes, pair, strict=True):
            expect(pane.locator("[data-pane-select]")).to_have_value(shown)
            if shown.startswith("file."):
                expect(pane.locator(".pane-file")).to_be_visible()


def there(hand: Hand, url: str, submission: Submission, *, publish: bool) -> Cost:
    """The same on the stock screens, by the shortest way found: its list was open, narrowed down and sorted before."""
    page, number = hand.page, str(submission.id)
    page.goto(f"{url}/submission/?search=awaiting_review")
    hand.acts = hand.loads = 0
    hand.go(page.get_by_title("Edit Record").first)
    hand.choose("claimant", "Вера")
    hand.save()
    hand.menu("Artifact")  # names and numbers: there is nothing more to look at
    for remark in range(0 if publish else 3):
        if remark == 0:
            hand.menu("Remark")
            hand.create()
        hand.choose("submission", number)
        hand.choose("field", "characteristics")
        hand.write("#text", WORDS)
        hand.save(another=remark < 2)
    hand.menu("Decision")
    hand.create()
    hand.choose("submission", number)
    if publish:
        hand.choose("kind", "publish")
    hand.save()
    hand.menu("Submission")
    hand.write('input[name="search"]', submission.title)
    hand.enter()
    hand.go(page.get_by_title("Edit Record").first)
    hand.choose("state", "published" if publish else "returned")
    hand.save()
    hand.menu("Mail")
    hand.create()
    for name, words in (("recipient", submission.author.email), ("subject", submission.title), ("text", WORDS)):
        hand.write(f"#{name}", words)
    hand.save()
    expect(page.get_by_text("successfully created")).to_be_visible()
    return hand.acts, hand.loads


def test_a_decision_costs_a_fraction_of_what_it_costs_on_the_stock_screens(
    shared: Product, books: Books, come: Come, browser: Browser, database: Database, database_url: str, tmp_path: Path
) -> None:
    market = Market(Wiring(Settings(var=tmp_path / "var", database_url=database_url)))
    page = browser.new_page()
    costs: dict[str, tuple[Cost, Cost]] = {}
    with stock(database_url, market.vera) as url:
        for name in ("return", "publish"):
            submission = market.checked(market.submit(market.draft(title=f"Модель для «{quote(name)}»")))
            found = there(Hand(page), url, submission, publish=name == "publish")
            assert again(submission).state == ("published" if name == "publish" else "returned")
            assert Decision.get(Decision.submission == submission).kind == name
            costs[name] = (here(come, books, shared.url, publish=name == "publish"), found)
    assert Remark.select().count() == 3
    page.close()
    for name, ((acts, loads), (stock_acts, stock_loads)) in costs.items():
        print(
            f"\n{name}: {acts} key presses and {loads} page loads; stock screens: {stock_acts} acts and {stock_loads} page loads"
        )
        assert 2 * acts < stock_acts
        assert 2 * loads < stock_loads
