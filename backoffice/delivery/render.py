"""Letters out of ``templates/email/<event>/{subject.txt,body.txt,body.html}``, in a given language, the same in web and workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from backoffice.i18n import lazy, translations
from config.settings import ROOT, Settings

TEMPLATES = ROOT / "templates" / "email"
_THINGS = {  # what a remark can be about, as the author's screens call it
    "title": lazy("Model name"),
    "description": lazy("Model description"),
    "characteristics": lazy("Technical characteristics"),
    "requirements": lazy("Minimum requirements to run"),
    "classification": lazy("Model classification"),
    "data_example": lazy("Data format example"),
    "instruction": lazy("Model instruction"),
    "terms_of_use": lazy("Terms of use"),
    "model_archive": lazy("Model archive"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail as it will be sent."""

    subject: str
    text: str
    html: str


def letter(event: str, language: str, **context: Any) -> Letter:
    """Render the three templates of an event. A missing variable is an error, never a gap in a letter."""
    environment = _environment(language)
    subject, text, html = (
        environment.get_template(f"{event}/{part}").render(**context) for part in ("subject.txt", "body.txt", "body.html")
    )
    return Letter(" ".join(subject.split()), _lines(text), _lines(html))


def _lines(text: str) -> str:
    """Line ends as they arrive: SMTP knows one kind, and a last one (RFC 5321, 2.3.8)."""
    return text.strip().replace("\r\n", "\n").replace("\r", "\n") + "\n"


def events() -> list[str]:
    """The names of all letters there are."""
    return sorted(path.parent.name for path in TEMPLATES.glob("*/subject.txt"))


@cache
def _environment(language: str) -> Environment:
    settings = Settings()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    zone = ZoneInfo(settings.time_zone)

    def instant(value: datetime) -> str:
        return format_datetime(value, "d MMMM y, HH:mm", tzinfo=zone, locale=language)

    def day(value: datetime) -> str:
        return format_date(value.astimezone(zone).date(), "d MMMM y", locale=language)

    def where(thing: str, *inside: str) -> str:
        named = _THINGS.get(thing)
        return " · ".join(filter(None, [translations(language).ugettext(named) if named else "", *inside]))

    environment.filters.update(instant=instant, day=day)
    environment.globals.update(where=where, base_url=settings.base_url.rstrip("/"), language=language)
    return environment
