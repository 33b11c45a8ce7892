"""The queue in a real browser: keys, and renewal that keeps the place (M3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from backoffice.clock import utcnow
from backoffice.store import search
from backoffice.store.listings import Submission
from tests.real.browser import Watched
from tests.usecases.office import Office
from tests.web.staff.conftest import SignIn

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(_migrated_sqlite: Path, tmp_path: Path) -> str:
    """One database is enough for what happens in a browser."""
    (tmp_path / "test.db").write_bytes(_migrated_sqlite.read_bytes())
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def queue(app: Flask, office: Office, sign_in: SignIn, address: str, person: Watched) -> Page:
    """Лида's queue with three free submissions."""
    for n, title in enumerate(("первая", "вторая", "третья")):
        office.submission(title, submitted_at=utcnow() + timedelta(minutes=n))
    search.reindex()
    cookie = sign_in(office.lida).get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    person.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    person.page.goto(f"{address}/staff/queue/?tab=free")
    return person.page


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


def test_keys_open_what_they_say(queue: Page, person: Watched) -> None:
    queue.keyboard.press("?")
    expect(queue.locator("#keys")).to_be_visible()
    queue.keyboard.press("Escape")
    queue.keyboard.press("j")
    queue.keyboard.press("w")
    expect(queue.locator("#why")).to_contain_text("Почему такой срок")
    queue.keyboard.press("Escape")
    queue.keyboard.press("/")
    expect(queue.locator("#search")).to_be_focused()
    queue.keyboard.type("тре")
    queue.keyboard.press("Enter")
    expect(queue.locator("tbody .title")).to_have_text(["третья"])
    assert person.serious() == []


def test_a_key_takes_the_row_in_hand(queue: Page, office: Office) -> None:
    queue.keyboard.press("j")
    queue.keyboard.press("t")
    queue.wait_for_url("**/staff/review/*")
    assert Submission.get(Submission.title == "первая").claimant_id == office.lida.id
