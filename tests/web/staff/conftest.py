"""The staff's screens under test, on both databases; in a real browser behind a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page
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


@pytest.fixture
def enter(app: Flask, sign_in: SignIn, address: str, person: Watched) -> Enter:
    """Somebody's browser, signed in, on one of our pages."""

    def entered(who: Person, path: str) -> Page:
        cookie = sign_in(who).get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie
        person.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        person.page.goto(address + path)
        return person.page

    return entered
