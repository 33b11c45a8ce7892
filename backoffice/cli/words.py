"""Words on a terminal, in the language of the person at it: English where the locale is English, otherwise Russian."""

from __future__ import annotations

import os

import click


def language() -> str:
    """``MLPLACE_LANGUAGE``, or what LC_ALL, LC_MESSAGES or LANG say."""
    names = ("MLPLACE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next(filter(None, map(os.environ.get, names)), "")
    return "en" if chosen.startswith("en") else "ru"


def pick(*, ru: str, en: str) -> str:
    """The one of two texts that the person reads."""
    return en if language() == "en" else ru


def say(*, ru: str, en: str) -> None:
    """Print one of two texts, at once."""
    click.echo(pick(ru=ru, en=en))
