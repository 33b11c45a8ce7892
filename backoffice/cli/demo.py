"""``flask demo``: an installation with a past of eight weeks, made of real files through the real use cases."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_security import hash_password

from backoffice.cli.accounts import tell
from backoffice.cli.words import say
from backoffice.clock import utcnow
from backoffice.inspection.clamd_at_hand import at_hand
from backoffice.inspection.clamd_server import NoClamd
from backoffice.store.listings import Submission


@click.group()
def command() -> None:
    """Demo data and demo accounts."""


@command.command("load")
@click.option("--past/--no-past", default=True, envvar="MLPLACE_DEMO_PAST", help="The office's ordinary weeks too.")
@with_appcontext
def load_(*, past: bool) -> None:
    """Load the demo; a second time nothing changes."""
    wiring = current_app.extensions["wiring"]
    with wiring.database.connection_context():
        if Submission.select().exists():
            return
        from backoffice.demo import story, weeks
        from backoffice.demo.load import NotInspected, load

        say(
            ru="Готовлю демонстрационные данные: делаю файлы и проверяю их…",
            en="Preparing the demo: making files and examining them…",
        )
        try:
            with at_hand(wiring.settings.clamd_address) as antivirus:
                rounds = (*story.ROUNDS, *(weeks.rounds() if past else ()))
                count = load(wiring, rounds, hashed=hash_password, antivirus=antivirus, now=utcnow(), tell=_tell)
        except (NotInspected, NoClamd) as problem:
            raise click.ClickException(str(problem)) from problem
    say(ru=f"Готово, заявок: {count}.", en=f"Done, submissions: {count}.")


def _tell(name: str, number: int, count: int) -> None:
    if sys.stdout.isatty():
        click.echo(f"\r\033[K  {number}/{count} {name}", nl=number == count)


@command.command("accounts")
def accounts() -> None:
    """The demo accounts and their password."""
    tell()
