"""«Почему?»: a deadline explained day by day, with the ladder and what people did to it (M1, M7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from backoffice.i18n import gettext, language
from backoffice.usecases.explain import explain, reasons
from backoffice.web.staff import lines


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
    }


def weekday(value: date) -> str:
    """«вт, 24 ноября»."""
    return format_date(value, "EEE, d MMMM", locale=language())
