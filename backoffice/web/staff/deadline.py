"""«Почему?»: a deadline explained day by day (M1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date

from backoffice.domain.deadlines import Pause
from backoffice.domain.errors import Refused
from backoffice.domain.trace import TraceDay, trace
from backoffice.i18n import gettext, language
from backoffice.store.listings import Submission
from backoffice.store.moderation import Hold
from backoffice.web.staff import lines
from backoffice.web.wording import duration


def explained(submission_id: int, *, now: datetime) -> dict[str, Any]:
    """What the explanation shows. ``Refused`` when there is no such submission, or it was never submitted."""
    submission: Submission | None = Submission.get_or_none(Submission.id == submission_id)
    if submission is None or submission.submitted_at is None:
        raise Refused("not_found")
    running = lines.clock()
    since: datetime = submission.submitted_at
    pauses = [Pause(hold.started_at, hold.ended_at, hold.reason) for hold in submission.holds.order_by(Hold.started_at)]
    until: datetime = submission.deadline_at or max(now, since)
    budget = timedelta(seconds=submission.budget_seconds) if submission.budget_seconds else lines.policy().budget
    return {
        "submission": submission,
        "budget": budget,
        "left": lines.remaining([submission], now)[0] if submission.decided_at is None else None,
        "days": trace(running, since, until, pauses),
        "day_words": day_words,
        "zone_name": str(running.zone),
        "review_url": lines.review_url,
    }


def day_words(line: TraceDay) -> str:
    """Why a day counts, or does not, or not whole."""
    note = line.note
    parts = []
    if note:
        text, source = (note.ru, note.source_ru) if language() == "ru" else (note.en, note.source_en)
        parts.append(f"{text} ({source})" if source else text)
    elif not line.working:
        parts.append(gettext("day off"))
    elif not line.paused:
        parts.append(gettext("working day"))
    if line.paused:
        parts.append(gettext("stopped for %(time)s: %(why)s", time=duration(line.paused), why="; ".join(line.reasons)))
    if line.provisional:
        parts.append(gettext("provisional"))
    return "; ".join(parts)


def weekday(value: date) -> str:
    """«вт, 24 ноября»."""
    return format_date(value, "EEE, d MMMM", locale=language())
