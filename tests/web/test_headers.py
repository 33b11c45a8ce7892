"""The headers of every page, and markup that a strict policy lets work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from backoffice.store.listings import DictionaryValue
from config.settings import ROOT
from tests.usecases.market import HOLLOW, Market
from tests.web.conftest import SignIn, Visitor
from tests.web.deliveries import deliver
from tests.web.reading import Reader, inline

sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "email" not in path.parts)
HANDLER = re.compile(r"""<[^>]*\s(on[a-z]+|style)\s*=\s*["']""")


def pages_of(visitor: Visitor) -> list[str]:
    """Addresses that this person's pages link to, and those pages themselves, two clicks deep."""
    seen: dict[str, None] = dict.fromkeys(["/", "/home"])
    for _click in range(2):
        for address in list(seen):
            answer = visitor.get(address, follow_redirects=True)
            if answer.mimetype != "text/html":
                continue
            for link in Reader(answer.text).all("a"):
                href = (link.get("href") or "").partition("#")[0]
                if href.startswith("/") and not href.startswith(("/logout", "/static")) and "/files/" not in href:
                    seen[href.partition("?")[0]] = None
    return list(seen)


@pytest.fixture
def busy(market: Market) -> Market:
    """Something to see on every page."""
    market.draft(title="Черновик")
    market.awaiting(data_example=[HOLLOW])
    market.decide(market.awaiting(), "return", market.vera)
    market.decide(market.awaiting(), "publish", market.gleb)
    deliver()
    market.person("Захар", "admin")
    return market


@sqlite
@pytest.mark.parametrize("who", ["никто", "Анна", "Вера", "Ольга", "Захар"])
def test_every_page_is_strict_and_its_markup_obeys(app: Flask, busy: Market, sign_in: SignIn, who: str) -> None:
    people = {person.name: person for person in type(busy.anna).select()}
    visitor = sign_in(people[who]) if who in people else app.test_client()
    looked = 0
    for address in pages_of(visitor):
        answer = visitor.get(address)
        assert answer.status_code in (200, 302), (address, answer.status_code)
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert part in policy, (address, policy)
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"], address
        if answer.status_code == 200 and answer.mimetype == "text/html":
            _obeys(address, answer.text, policy)
            looked += 1
    assert looked >= {"никто": 5, "Анна": 6, "Вера": 6, "Ольга": 15, "Захар": 10}[who], looked


def _obeys(address: str, page: str, policy: str) -> None:
    assert not (found := inline(page)), (address, found)
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce, address
    for tag in ("script", "style"):
        for attributes in Reader(page).all(tag):
            assert attributes.get("nonce") == nonce[1], (address, tag, attributes)
    for tag, attribute in (("script", "src"), ("link", "href"), ("img", "src"), ("form", "action")):
        for attributes in Reader(page).all(tag):
            assert not (attributes.get(attribute) or "").startswith(("http:", "https:", "//")), (address, tag, attributes)


@sqlite
def test_the_nonce_is_new_with_every_answer(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").headers["Content-Security-Policy"] != client.get("/").headers["Content-Security-Policy"]


@sqlite
def test_errors_wear_the_same_headers(app: Flask) -> None:
    answer = app.test_client().get("/нет такой страницы")
    assert answer.status_code == 404
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_an_inline_handler_or_style(template: Path) -> None:
    found = HANDLER.search(template.read_text("utf-8"))
    assert found is None, found and found[0]


@sqlite
def test_the_forms_of_reference_tables_obey_too(busy: Market, sign_in: SignIn) -> None:
    lead = sign_in(busy.olga)
    value = DictionaryValue.select().first()
    for address in (
        f"/staff/dictionaries/edit/?id={value.id}",
        "/staff/dictionaries/new/",
        f"/staff/dictionaries/details/?id={value.id}",
        "/staff/templates/new/",
        f"/staff/people/edit/?id={busy.anna.id}",
        "/staff/audit/?page=1",
    ):
        answer = lead.get(address)
        assert answer.status_code == 200, address
        _obeys(address, answer.text, answer.headers["Content-Security-Policy"])
