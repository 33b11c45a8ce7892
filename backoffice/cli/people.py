"""``flask people``: accounts and roles from a terminal."""

from __future__ import annotations

import secrets

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_security import hash_password

from backoffice.cli.words import pick, say
from backoffice.clock import utcnow
from backoffice.domain.errors import Refused
from backoffice.domain.permissions import Role
from backoffice.store.people import Person
from backoffice.usecases import people

ROLES = click.Choice([str(role) for role in Role])


@click.group()
def command() -> None:
    """Accounts and their roles."""


@command.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As it is shown to colleagues and authors.")
@click.option("--role", "roles", type=ROLES, multiple=True, default=("author",), show_default=True)
@click.option("--team", default="", help="The organisation: nobody moderates their own team's models.")
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
@click.option("--password", default="", help="Made up and printed when not given.")
@with_appcontext
def add(*, email: str, name: str, roles: tuple[str, ...], team: str, language: str, password: str) -> None:
    """Add a person who can sign in as EMAIL."""
    chosen = password or secrets.token_urlsafe(12)
    with current_app.extensions["wiring"].database.connection_context():
        try:
            people.add(
                email=email,
                name=name,
                password_hash=_hashed(chosen),
                roles=roles,
                team=team,
                language=language,
                now=utcnow(),
            )
        except Refused as refused:
            raise click.ClickException(_reason(refused)) from refused
    say(ru=f"Добавлен: {name} <{email}>", en=f"Added: {name} <{email}>")
    if not password:
        say(ru=f"Пароль: {chosen}", en=f"Password: {chosen}")


@command.command("list")
@with_appcontext
def list_() -> None:
    """Everybody, with their roles."""
    with current_app.extensions["wiring"].database.connection_context():
        for person in Person.select().order_by(Person.name):
            roles = ", ".join(sorted(person.role_names()))
            click.echo(f"{person.email:<36} {person.name:<28} {roles}{'' if person.active else '  (-)'}")


@command.command("roles")
@click.argument("email")
@click.argument("roles", type=ROLES, nargs=-1, required=True)
@with_appcontext
def roles_(email: str, roles: tuple[str, ...]) -> None:
    """Give EMAIL exactly these ROLES."""
    with current_app.extensions["wiring"].database.connection_context():
        people.set_roles(_person(email), roles, now=utcnow())
    click.echo(f"{email}: {', '.join(roles)}")


@command.command("password")
@click.argument("email")
@click.password_option()
@with_appcontext
def password_(email: str, password: str) -> None:
    """Set EMAIL's password; everybody signed in as them is signed out."""
    with current_app.extensions["wiring"].database.connection_context():
        people.set_password(_person(email), _hashed(password), now=utcnow())
    say(ru="Пароль изменён", en="The password has been changed")


def _person(email: str) -> Person:
    person: Person | None = Person.get_or_none(Person.email == email.strip().lower())
    if person is None:
        raise click.ClickException(pick(ru=f"нет такого человека: {email}", en=f"no such person: {email}"))
    return person


def _reason(refused: Refused) -> str:
    if refused.reason == "email_taken":
        return pick(ru="такой адрес уже есть", en="this address is there already")
    return pick(ru="нужны адрес почты и имя", en="an e-mail address and a name are needed")


def _hashed(password: str) -> str:
    """In the normal form that the sign-in form compares: a «й» typed here must be the «й» typed there."""
    normal: str = current_app.extensions["security"].password_util.normalize(password)
    return str(hash_password(normal))
