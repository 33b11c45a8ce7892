"""``flask db``: move the schema up and down."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from backoffice.store import database


@click.group()
def command() -> None:
    """Move the database's schema."""


@command.command()
@click.argument("target", required=False)
@with_appcontext
def upgrade(target: str | None) -> None:
    """Apply what is pending, up to TARGET."""
    _tell("applied", database.upgrade(current_app.extensions["wiring"].database, target))


@command.command()
@click.argument("target", required=False)
@with_appcontext
def downgrade(target: str | None) -> None:
    """Revert the last migration, or all back through TARGET."""
    _tell("reverted", database.downgrade(current_app.extensions["wiring"].database, target))


@command.command()
@with_appcontext
def status() -> None:
    """List the migrations."""
    for row in database.status(current_app.extensions["wiring"].database):
        click.echo(f"[{'x' if row.applied else ' '}] {row.name}")


def _tell(verb: str, names: list[str]) -> None:
    click.echo("\n".join(f"{verb}: {name}" for name in names) or "Nothing to do.")
