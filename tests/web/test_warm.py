"""Web workers begin warm: no page waits until its templates are compiled."""

from __future__ import annotations

from flask import Flask

from backoffice.web import warm
from backoffice.web.previews import create_previews
from tests.usecases.market import Market
from tests.web.conftest import SignIn


def test_a_warm_application_compiles_nothing_for_its_pages(app: Flask, market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting()
    warm.warm(app)
    ready = set(app.jinja_env.cache or ())
    vera = sign_in(market.vera)
    for address in ("/staff/queue/", f"/staff/review/{waiting.id}?left=checks&right=checklist"):
        assert vera.get(address).status_code == 200
    assert set(app.jinja_env.cache or ()) == ready


def test_the_previews_own_application_is_warmed_with_its_own_pages(app: Flask) -> None:
    previews = create_previews(app.config["SETTINGS"])
    warm.warm(previews)
    assert {name for _, name in previews.jinja_env.cache or ()} >= {"previews/page.html"}
