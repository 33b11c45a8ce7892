"""Signing in, registration and password recovery (A1), through Flask-Security on our own people."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, session
from flask_security import MailUtil, PeeweeUserDatastore, RegisterFormV2, Security, user_authenticated, user_registered
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from backoffice.clock import utcnow
from backoffice.delivery.render import Letter
from backoffice.domain.events import Event
from backoffice.domain.permissions import STAFF
from backoffice.domain.permissions import Role as RoleName
from backoffice.i18n import lazy
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.people import Person, PersonRole, Role
from backoffice.usecases import mail
from backoffice.usecases.people import set_roles


class People(PeeweeUserDatastore):
    """Flask-Security's view of our people: a new one gets the instant of creation."""

    def create_user(self, **kwargs: Any) -> Person:
        """A new account."""
        kwargs.setdefault("created_at", utcnow())
        kwargs.setdefault("name", kwargs.get("email", "").partition("@")[0])
        person: Person = super().create_user(**kwargs)
        return person

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Person | None:
        """By one column; where its value is exact, as in every request, with the roles, all in one query."""
        if not case_insensitive:
            links = PersonRole.select(PersonRole, Role, Person).join(Role).switch(PersonRole).join(Person)
            roles = list(links.where(*(getattr(Person, name) == value for name, value in kwargs.items())))
            if roles:
                person: Person = roles[0].user
                person.roles = roles
                return person
        found: Person | None = super().find_user(case_insensitive=case_insensitive, **kwargs)
        return found


class OutboxMail(MailUtil):
    """Letters of Flask-Security go the way of all letters: stored first, delivered by the relay."""

    def send_mail(self, template: str, subject: str, recipient: str, *rest: Any, **_kwargs: Any) -> None:
        """Keep the letter in the outbox. ``rest`` is sender, text, HTML; the sender is the same for all our letters."""
        _sender, body, html = rest
        with db.atomic():
            mail.store(f"account_{template}"[:40], recipient, Letter(str(subject), body, html or ""), now=utcnow())


class Registration(RegisterFormV2):
    """An author's registration: name, e-mail, password."""

    name = StringField(lazy("Your name"), validators=[DataRequired(), Length(max=120)])


def register(app: Flask) -> None:
    """Configure Flask-Security; every page of it wears our templates."""
    wiring = app.extensions["wiring"]
    settings = app.config["SETTINGS"]
    secure = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=wiring.secret_key,
        SECURITY_PASSWORD_SALT=wiring.secret_key,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  (the scheme's name)
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_PASSWORD_CONFIRM_REQUIRED=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_REGISTERABLE=True,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_EMAIL_SENDER=settings.mail_from,
        SECURITY_POST_LOGIN_VIEW="/home",
        SECURITY_POST_REGISTER_VIEW="/home",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_RESET_VIEW="/login",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
    )
    people = People(None, Person, Role, PersonRole)
    app.extensions["people"] = people
    Security(app, people, register_form=Registration, mail_util_cls=OutboxMail)
    user_registered.connect(_make_author, app, weak=False)
    user_authenticated.connect(_note_sign_in, app, weak=False)


def _make_author(_app: Flask, user: Person, **_extra: Any) -> None:
    set_roles(user, [RoleName.AUTHOR], now=utcnow())


def _note_sign_in(_app: Flask, user: Person, **_extra: Any) -> None:
    session.pop("language", None)
    if user.role_names() & set(STAFF):
        audit.record(Event.SIGNED_IN, now=utcnow(), person=user, address=request.remote_addr)


def home_of(person: Person) -> str:
    """The endpoint a person lands on after signing in."""
    roles = person.role_names()
    if RoleName.MODERATOR in roles or RoleName.LEAD in roles:
        return "staff_queue.index"
    return "staff_people.index_view" if RoleName.ADMIN in roles else "cabinet.models"
