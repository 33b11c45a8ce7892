"""The staff's screens under test, on both databases; in a real browser behind a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from backoffice.store.base import db
from backoffice.store.people import Person
from backoffice.web import previews
from tests.real.browser import Watched
from tests.real.serving import Server, nobody, serving
from tests.web.conftest import SignIn, Visitor

__all__ = ["Come", "Enter", "SignIn", "Visitor"]

Enter = Callable[[Person, str], Page]
Come = Callable[..., Watched]
REFUSAL = "409"  # an ordinary answer, which browsers write into the console


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    with serving(app) as server:
        yield server.address


@pytest.fixture
def previews_server() -> Iterator[Server]:
    """A socket, and so an origin, for the previews alone. A file of tests that shows them names it in its ``previews_url``."""
    with serving(nobody) as server:
        yield server


@pytest.fixture
def previewing(app: Flask, previews_server: Server, address: str) -> Iterator[None]:
    """The previews answer there, and let the staff's pages frame them."""
    shown = previews.create_previews(app.config["SETTINGS"].model_copy(update={"base_url": address}))
    shown.extensions["wiring"] = app.extensions["wiring"]  # one process, one database
    previews_server.pages = shown
    yield
    previews_server.pages = nobody
    previews_server.hang_up()
    db.connect(reuse_if_open=True)


def _recognised(browsing: Watched, who: Person, app: Flask, sign_in: SignIn, address: str) -> None:
    cookie = sign_in(who).get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    browsing.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])


def _signed_in(app: Flask, sign_in: SignIn, address: str) -> Callable[[Watched, Person, str], Page]:
    def entered(browsing: Watched, who: Person, path: str) -> Page:
        browsing.page.goto("about:blank")  # a page that renews itself would be somebody else's in a moment
        _recognised(browsing, who, app, sign_in, address)
        browsing.page.goto(address + path)
        return browsing.page

    return entered


@pytest.fixture
def enter(app: Flask, sign_in: SignIn, address: str, person: Watched) -> Enter:
    """Somebody's browser, signed in, on one of our pages."""
    entered = _signed_in(app, sign_in, address)
    return lambda who, path: entered(person, who, path)


@pytest.fixture
def beside(app: Flask, sign_in: SignIn, address: str, browser: Browser) -> Iterator[Enter]:
    """A colleague's browser, besides the first one."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    colleague, entered = Watched(context), _signed_in(app, sign_in, address)
    yield lambda who, path: entered(colleague, who, path)
    context.close()
    assert not colleague.wrongs, colleague.wrongs


@pytest.fixture
def come(app: Flask, sign_in: SignIn, address: str, browser: Browser) -> Iterator[Come]:
    """Somebody at a browser of their own, signed in."""
    met: list[Watched] = []

    def entered(who: Person, **options: Any) -> Watched:
        usual = {"viewport": {"width": 1280, "height": 900}, "locale": "ru-RU", "base_url": address}
        met.append(Watched(browser.new_context(**(usual | options))))
        _recognised(met[-1], who, app, sign_in, address)
        return met[-1]

    yield entered
    for each in met:
        each.page.context.close()
    db.connect(reuse_if_open=True)
    assert [wrong for each in met for wrong in each.wrongs if REFUSAL not in wrong] == []
