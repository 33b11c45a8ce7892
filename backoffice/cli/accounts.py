"""The demo's accounts in words for a terminal. It needs neither the application nor a database, so ``make run`` tells them at once."""

from __future__ import annotations

import click

from backoffice.cli.words import pick, say
from backoffice.demo.players import PASSWORD, PLAYERS

_ROLES = {"author": "автор", "moderator": "модератор", "lead": "руководитель", "admin": "администратор"}


def tell() -> None:
    """Print everybody with their roles, and the password."""
    say(
        ru=f"Демонстрационные учётные записи, пароль у всех один: {PASSWORD}",
        en=f"Demo accounts, all with the password {PASSWORD}",
    )
    for player in PLAYERS:
        roles = ", ".join(pick(ru=_ROLES[role], en=role) for role in player.roles)
        click.echo(f"  {player.email:<28} {player.name:<26} {roles}")
