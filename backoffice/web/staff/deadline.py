"""«Почему?»: a deadline explained day by day, with the ladder and what people did to it (M1, M7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from backoffice.i18n import gettext, language
from backoffice.store.audit import Audit
from backoffice.usecases.explain import explain, reasons
from backoffice.web.staff import lines
from backoffice.web.wording import short_instant


def explained(submission_id: int, *, now: datetime) -> dict[str, Any]:
    """What the explanation shows. ``Refused`` when there is no such submission, or it was never submitted."""
    told = explain(submission_id, now=now)
    return {
        "told": told,
        "submission": told.submission,
        "day_words": lambda day: "; ".join(reasons(day, language())) or (gettext("working day") if day.worked else "—"),
        "zone_name": str(told.clock.zone),
        "review_url": lines.review_url,
        "weekday": weekday,
        "move_words": move_words,
    }


def move_words(move: Audit) -> str:
    """What stood behind it and where the deadline went: «: изменился календарь; 26 нояб., 12:00 → 27 нояб., 12:00»."""
    cause = move.data.get("reason") or (gettext("the calendar has changed") if move.data.get("cause") == "calendar" else "")
    path = [datetime.fromisoformat(move.data[name]) for name in ("before", "after") if move.data.get(name)]
    arrow = " → ".join(short_instant(at) for at in path) if len(path) == 2 else ""
    said = "; ".join(part for part in (cause, arrow) if part)
    return f": {said}" if said else ""


def weekday(value: date) -> str:
    """«вт, 24 ноября»."""
    return format_date(value, "EEE, d MMMM", locale=language())
