"""The catalogues: Russian texts for the English ones in the code, one folder a room under ``backoffice/translations``.

They are read from the ``.po`` files themselves, so nothing has to be compiled before a start.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import get_locale

CATALOGUES = Path(__file__).resolve().parent / "translations"
DEFAULT = "ru"


@cache
def translations(language: str) -> Translations | NullTranslations:
    """Every room's catalogue for a language, merged. English needs none: it stands in the code."""
    merged = Translations()
    for path in sorted(CATALOGUES.glob(f"*/{language}/LC_MESSAGES/messages.po")):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=language)
        binary = BytesIO()
        write_mo(binary, catalogue)
        binary.seek(0)
        found = Translations(binary)
        merged.merge(found)
        merged.plural = found.plural  # merging leaves the empty one's English rule
    return merged


def language() -> str:
    """The language of the current request; Russian outside of one."""
    locale = get_locale()
    return locale.language if locale else DEFAULT


def gettext(message: str, **values: object) -> str:
    """The text in the reader's language, ``%(name)s`` filled in."""
    text = translations(language()).ugettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The same for a number of things, with the language's own plural forms."""
    return translations(language()).ungettext(one, many, num) % {"num": num, **values}


def lazy(message: str) -> str:
    """Mark a text for the catalogues where it is only named; ``gettext`` is called where it is shown."""
    return message
