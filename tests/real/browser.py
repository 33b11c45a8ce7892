"""Debian's Chromium, driven by Playwright, with a watch over what a page must never do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds: a busy machine is not a failure
expect.set_options(timeout=PATIENCE)
OWN = ("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    binary = shutil.which("chromium")
    assert binary, "Chromium is not installed: make setup"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield started
        started.close()


class Watched:
    """A person at a browser. Everything a page did wrong is in ``wrongs``."""

    def __init__(self, context: BrowserContext) -> None:
        self.wrongs: list[str] = []
        context.set_default_timeout(PATIENCE)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrongs.append(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrongs.append(f"console: {message.text} ({self.page.url})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.hostname not in OWN:
            self.wrongs.append(f"another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.wrongs.append(f"{response.status} {response.request.method} {response.url}")

    def sign_in(self, url: str, email: str, password: str) -> None:
        """Through the icon in the header (A1)."""
        self.page.goto(url)
        self.page.get_by_role("link", name="Войти").click()
        self.page.get_by_label("Электронная почта").fill(email)
        self.page.get_by_label("Пароль").fill(password)
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name="Войти").click()

    def serious(self) -> list[str]:
        """What axe finds serious or critical on this page."""
        return self._violations(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], {"serious", "critical"})

    def violations(self, within: str | None = None) -> list[str]:
        """Whatever axe finds on this page, or in one element of it, its advice on good practice included."""
        return self._violations(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], None, within)

    def _violations(self, tags: list[str], impacts: set[str] | None, within: str | None = None) -> list[str]:
        # Listing what passed, and asking frames that have no axe, took as long as the search; the violations are the same.
        options = {"runOnly": tags, "resultTypes": ["violations"], "iframes": False}
        found = Axe().run(self.page, context=within, options=options)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary'][:200]} ({self.page.url})"
            for violation in found.response["violations"]
            if impacts is None or violation["impact"] in impacts
            for node in violation["nodes"]
        ]


@pytest.fixture
def person(browser: Browser) -> Iterator[Watched]:
    """A person at a desktop browser of 1280 × 900; at the end, no page may have done anything wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU", bypass_csp=False)
    watched = Watched(context)
    yield watched
    context.close()
    assert not watched.wrongs, watched.wrongs
