"""How pages speak: language, dates and numbers of the reader's locale, the configured zone, icons, and the words behind names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, current_app, g, request, session
from flask_babel import Babel
from flask_login import current_user
from markupsafe import Markup

from backoffice import i18n
from backoffice.clock import utcnow
from backoffice.domain.sentences import scaled
from backoffice.web import words

UNITS = (i18n.lazy("B"), i18n.lazy("KB"), i18n.lazy("MB"), i18n.lazy("GB"))
ICONS = Path(__file__).parent / "static" / "icons"


def select_language() -> str:
    """The reader's own choice, or what their account says, or Russian."""
    known = current_app.config["SETTINGS"].languages
    chosen = (
        g.get("spoken")
        or session.get("language")
        or (current_user.language if current_user and current_user.is_authenticated else "")
    )
    return chosen if chosen in known else i18n.DEFAULT


def zone() -> ZoneInfo:
    """The office's zone."""
    return ZoneInfo(current_app.config["SETTINGS"].time_zone)


def instant(value: datetime | None) -> str:
    """«24 ноября 2026, 12:30» in the office's zone."""
    pattern = "d MMMM y, HH:mm" if i18n.language() == "ru" else "d MMM y, HH:mm"
    return format_datetime(value, pattern, tzinfo=zone(), locale=i18n.language()) if value else "—"


def short_instant(value: datetime | None) -> str:
    """«24 нояб., 12:30»; the year only when it is not this one."""
    if not value:
        return "—"
    local, now = value.astimezone(zone()), utcnow().astimezone(zone())
    pattern = "d MMM, HH:mm" if local.year == now.year else "d MMM y"
    return format_datetime(value, pattern, tzinfo=zone(), locale=i18n.language())


def day(value: date | datetime | str | None) -> str:
    """«24 ноября 2026»; a text is an instant as ISO 8601 writes it."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return format_date(value, "d MMMM y", locale=i18n.language()) if value else "—"


def ago(value: datetime | None) -> str:
    """«3 часа назад»."""
    if not value:
        return "—"
    return format_timedelta(value - utcnow(), add_direction=True, locale=i18n.language())


def duration(value: timedelta | float | None) -> str:
    """Hours and minutes: «71 ч 05 мин»; seconds below a minute. Negative ones with a minus."""
    if value is None:
        return "—"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return i18n.gettext("%(sign)s%(seconds)s s", sign=sign, seconds=number(round(seconds, 1)))
    minutes = int(seconds // 60)
    if minutes < 60:
        return i18n.gettext("%(sign)s%(minutes)s min", sign=sign, minutes=minutes)
    return i18n.gettext(
        "%(sign)s%(hours)s h %(minutes)s min", sign=sign, hours=number(minutes // 60), minutes=f"{minutes % 60:02d}"
    )


def number(value: float | None) -> str:
    """With the locale's separators."""
    if value is None:
        return "—"
    plain = isinstance(value, int) and 0 <= value < 1000  # the same in every language, and most of what is shown
    return str(value) if plain else format_decimal(value, locale=i18n.language())


def filesize(value: int | None) -> str:
    """Bytes in units of 1024, as the upload limits count."""
    if value is None:
        return "—"
    size, power = scaled(float(value))
    return f"{number(round(size, 1 if size < 10 and power else 0))}\N{NO-BREAK SPACE}{i18n.gettext(UNITS[power])}"


@cache
def _svg(name: str) -> str:
    text = (ICONS / f"{name}.svg").read_text()
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    return " ".join(inner.split())


def icon(name: str, extra: str = "") -> Markup:
    """A Tabler icon, inline: decoration beside words, so readers' software passes over it."""
    return Markup(  # noqa: S704  (our own files)
        f'<svg class="icon {extra}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_svg(name)}</svg>'
    )


def scheme() -> str:
    """light or dark: the reader's cookie; light without one."""
    return "dark" if request.cookies.get("theme") == "dark" else "light"


def wants_json() -> bool:
    """Scripts of our pages say so."""
    return request.accept_mimetypes.best == "application/json" or request.is_json


def speak(language_of_reader: str) -> None:
    """The language of this one response, whoever is signed in."""
    g.spoken = language_of_reader


def register(app: Flask) -> None:
    """Attach languages, filters and helpers to the templates."""
    settings = app.config["SETTINGS"]
    Babel(app, default_locale=i18n.DEFAULT, locale_selector=select_language, timezone_selector=lambda: settings.time_zone)
    equip(app)


def register_words(app: Flask) -> None:
    """The same for an application without people."""
    Babel(app, default_locale=i18n.DEFAULT, locale_selector=lambda: g.get("spoken", i18n.DEFAULT))
    equip(app)


def equip(app: Flask) -> None:
    """Filters and helpers."""
    env = app.jinja_env
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    env.trim_blocks = env.lstrip_blocks = True
    filters = (instant, short_instant, day, ago, duration, number, filesize)
    env.filters.update({function.__name__: function for function in filters})
    env.filters.update(words.FILTERS)
    env.globals.update(icon=icon, language=i18n.language, scheme=scheme, now=utcnow)
