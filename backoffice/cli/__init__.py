"""The product's commands: ``flask --help``. A module is imported only when its command runs, so that ``flask`` starts fast."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from flask import Flask

# command -> what `flask --help` says of it; the module backoffice.cli.<command> holds a click command named `command`.
COMMANDS = {
    "db": "Move the database's schema up and down.",
    "check": "Examine files exactly as the workers do.",
    "deadlines": "Explain and evaluate deadlines of the working clock.",
    "people": "Accounts and their roles.",
    "demo": "Fill an empty installation with demo data.",
    "sandbox": "Try-install a demo Docker config.",
}


class LazyCommand(click.Command):
    """Stands for ``backoffice.cli.<name>.command`` in listings and hands over to it when called."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        real: click.Command = import_module(f"backoffice.cli.{self.name}").command
        return real.make_context(info_name, args, parent, **extra)


def register(app: Flask) -> None:
    """Attach every command."""
    for name, words in COMMANDS.items():
        app.cli.add_command(LazyCommand(name, help=words))
