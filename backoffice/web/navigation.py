"""The sections a person sees in the header, and the addresses of static files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Flask, current_app, url_for
from flask_login import current_user

from backoffice.domain.permissions import STAFF, Role
from backoffice.i18n import gettext, lazy
from backoffice.store.moderation import InAppNotice
from backoffice.store.people import Person
from backoffice.web.access import needed

SECTIONS = (
    ("catalog.index", lazy("Model catalog"), "category"),
    ("cabinet.models", lazy("My models"), "list-check"),
    ("staff_queue.index", lazy("Queue"), "inbox"),
    ("staff_desk.index", lazy("Lead's desk"), "dashboard"),
    ("staff_admin.index", lazy("Reference and logs"), "book"),
)


@cache
def _stamp(name: str) -> str:
    path = Path(__file__).parent / "static" / name
    return f"{path.stat().st_mtime_ns:x}"[-8:]


def static(filename: str) -> str:
    """A static file's address; it changes with the file, so that browsers may keep it."""
    return url_for("static", filename=filename, v=_stamp(filename))


def sections() -> list[tuple[str, str, str]]:
    """(endpoint, label, icon) of what this person may open."""
    roles = current_user.role_names() if current_user.is_authenticated else frozenset()
    shown = []
    for endpoint, label, symbol in SECTIONS:
        allowed = needed(current_app, endpoint)
        if endpoint == "cabinet.models" and roles - {Role.AUTHOR}:
            continue
        if endpoint in current_app.view_functions and allowed is not None and (not allowed or allowed & roles):
            shown.append((endpoint, gettext(label), symbol))
    return shown


def notices(person: Person) -> int:
    """How many signs inside the product are unread."""
    unread = InAppNotice.select().where((InAppNotice.person == person) & InAppNotice.read_at.is_null())
    return int(unread.count())


def is_staff(person: Person) -> bool:
    """Whether the person works here."""
    return bool(person.role_names() & set(STAFF))


def register(app: Flask) -> None:
    """Give the templates their helpers."""
    app.jinja_env.globals.update(
        static=static, sections=sections, notices=notices, is_staff=is_staff, mailbox=bool(app.config["SETTINGS"].mail_folder)
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
