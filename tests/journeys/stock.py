"""The same task on the stock Flask-Admin screens: generated views over the same tables, as generous to them as their own options allow.

What the machine could fill in (who, when) it does; lists are searchable and sorted by deadline; words are offered as choices. Nothing of
the product's own pages is here: no claim, no preview, no template, no letter. Only tests use this.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.peewee import ModelView
from flask_babel import Babel
from playwright.sync_api import Locator, Page, Request
from wtforms import SelectField

from backoffice.clock import utcnow
from backoffice.store.base import db
from backoffice.store.listings import Artifact, Submission
from backoffice.store.moderation import Decision, Remark
from backoffice.store.outbox import Mail
from backoffice.store.people import Person
from tests.real.serving import serving

CHOICES = {
    "state": ["awaiting_review", "returned", "published", "rejected"],
    "level": ["requirement", "guideline", "suggestion", "note"],
    "field": ["", "title", "description", "characteristics", "requirements"],
    "kind": ["return", "publish", "reject"],
}


class Stock(ModelView):
    """A generated view of one table. ``person`` is who is signed in."""

    can_view_details = True

    def __init__(
        self, model: Any, *, person: Person, columns: list[str], searched: list[str], form: list[str], sort: Any = None
    ) -> None:
        self.person = person
        self.column_list, self.column_searchable_list, self.form_columns = columns, searched, form
        self.column_default_sort = sort
        chosen = [name for name in form if name in CHOICES]
        self.form_overrides = dict.fromkeys(chosen, SelectField)
        self.form_args = {name: {"choices": CHOICES[name]} for name in chosen}
        super().__init__(model, name=model.__name__)

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """What the tables want and no person would type."""
        if not is_created:
            return
        for name, value in {"moderator": self.person, "created_at": utcnow(), "made_at": utcnow(), "event": "decided"}.items():
            if name in model._meta.fields:
                setattr(model, name, value)
        for name in {"artifacts", "checks"} & set(model._meta.fields):
            setattr(model, name, {})
        if "message_id" in model._meta.fields:
            model.message_id = secrets.token_hex(8)


@contextmanager
def stock(database_url: str, person: Person) -> Iterator[str]:
    """The screens behind a real socket; their address."""
    app = Flask(__name__)
    app.secret_key = secrets.token_hex()
    Babel(app)  # Flask-Admin asks for it when it can be imported
    app.before_request(lambda: db.connect(reuse_if_open=True) and None)
    app.teardown_request(lambda _error: db.is_closed() or db.close())
    admin = Admin(app, name="stock")
    listed = ["id", "title", "author", "state", "deadline_at", "claimant", "claim_expires_at"]
    for view in (
        Stock(
            Submission,
            person=person,
            columns=listed,
            searched=["title", "state"],
            form=["state", "claimant"],
            sort=("deadline_at", False),
        ),
        Stock(Artifact, person=person, columns=["submission", "slot", "name", "blob"], searched=["name"], form=["name"]),
        Stock(
            Remark,
            person=person,
            columns=["submission", "level", "text"],
            searched=["text"],
            form=["submission", "level", "field", "text"],
        ),
        Stock(
            Decision,
            person=person,
            columns=["submission", "kind", "made_at"],
            searched=["message"],
            form=["submission", "kind", "message"],
        ),
        Stock(Mail, person=person, columns=["recipient", "subject"], searched=["subject"], form=["recipient", "subject", "text"]),
    ):
        admin.add_view(view)
    with serving(app) as server:
        yield f"{server.address}/admin"


class Hand:
    """Clicks and presses, and counts them; what is typed as words is not counted. ``loads`` counts pages asked for, redirects once."""

    def __init__(self, page: Page) -> None:
        self.page, self.acts, self.loads = page, 0, 0
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame and request.redirected_from is None:
            self.loads += 1

    def click(self, place: Locator) -> None:
        self.acts += 1
        place.click()

    def go(self, place: Locator) -> None:
        """A click that opens a page, which is there afterwards: much of it looks like the page before."""
        with self.page.expect_navigation():
            self.click(place)

    def choose(self, name: str, words: str) -> None:
        """A select: opened, then chosen."""
        self.acts += 2
        self.page.locator(f"select#{name}").select_option(label=words)

    def write(self, selector: str, words: str) -> None:
        """A field entered; its words are not counted."""
        self.click(self.page.locator(selector))
        self.page.keyboard.insert_text(words)

    def enter(self) -> None:
        """Sends the form whose field one is in."""
        self.acts += 1
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def menu(self, name: str) -> None:
        self.go(self.page.locator(".navbar").get_by_role("link", name=name, exact=True))

    def create(self) -> None:
        self.go(self.page.get_by_role("link", name="Create", exact=True))

    def save(self, *, another: bool = False) -> None:
        self.go(self.page.locator('input[name="_add_another"]' if another else 'input[type="submit"]:not([name])'))
