"""``flask demo``: an installation with a past of eight weeks, made of real files through the real use cases."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_security import hash_password

from backoffice.cli.words import pick, say
from backoffice.clock import utcnow
from backoffice.demo import people


@click.group()
def command() -> None:
    """Demo data and demo accounts."""


@command.command("load")
@with_appcontext
def load_() -> None:
    """Load the demo; a second time nothing changes."""
    with current_app.extensions["wiring"].database.connection_context():
        people.load(hash_password, now=utcnow())


@command.command("accounts")
@with_appcontext
def accounts() -> None:
    """The demo accounts and their password."""
    ru = {"author": "автор", "moderator": "модератор", "lead": "руководитель", "admin": "администратор"}
    say(
        ru=f"Демонстрационные учётные записи, пароль у всех один: {people.PASSWORD}",
        en=f"Demo accounts, all with the password {people.PASSWORD}",
    )
    for player in people.PLAYERS:
        roles = pick(ru=", ".join(ru[role] for role in player.roles), en=", ".join(player.roles))
        click.echo(f"  {player.email:<28} {player.name:<26} {roles}")
