"""The staff's screens under test, on both databases; in a real browser behind a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from backoffice.store.people import Person
from tests.real.browser import Watched
from tests.web.conftest import SignIn, Visitor

__all__ = ["Enter", "SignIn", "Visitor"]

Enter = Callable[[Person, str], Page]


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


def _signed_in(app: Flask, sign_in: SignIn, address: str) -> Callable[[Watched, Person, str], Page]:
    def entered(browsing: Watched, who: Person, path: str) -> Page:
        cookie = sign_in(who).get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie
        browsing.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
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
