"""The queue as a CSV file, for a spreadsheet: every row of a tab, read page by page while it is sent."""

from __future__ import annotations

import csv as writer
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import Any

from flask import Response, stream_with_context

from backoffice.i18n import gettext, lazy
from backoffice.i18n import language as speaking
from backoffice.store.base import db
from backoffice.store.queues import Page, Watch
from backoffice.web.staff import lines
from backoffice.web.staff.lines import Line
from backoffice.web.wording import zone
from backoffice.web.words import word

PORTION = 500  # rows read at once
COLUMNS = (
    lazy("Submission"),
    lazy("Listing"),
    lazy("Version"),
    lazy("Model name"),
    lazy("Author"),
    lazy("State"),
    lazy("Reasons"),
    lazy("Submitted"),
    lazy("Deadline"),
    lazy("Working hours left"),
    lazy("In work with"),
    lazy("Assigned to"),
    lazy("Classification"),
    lazy("Decided"),
)


Portion = Callable[[str, int], Page]


def csv(name: str, seen: Watch, portion: Portion, *, language: str) -> Response:
    """The rows that ``portion(cursor, limit)`` reads, as a download with a byte-order mark.

    Separated as the reader's spreadsheet expects: semicolons in Russian, commas in English.
    """
    separator = ";" if language == "ru" else ","
    body = stream_with_context(_rows(seen, portion, separator))
    file = f"{name}-{seen.now.astimezone(zone()):%Y-%m-%d-%H%M}.csv"
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def table(name: str, rows: Sequence[Sequence[Any]]) -> Response:
    """A few rows that are there already, as a download."""
    separator = ";" if speaking() == "ru" else ","
    answer = Response("\ufeff" + "".join(joined(row, separator) for row in rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _rows(seen: Watch, portion: Portion, separator: str) -> Iterator[str]:
    yield "\ufeff" + joined([gettext(column) for column in COLUMNS], separator)
    opened = db.connect(reuse_if_open=True)  # the request's own connection is closed before its body is sent
    try:
        cursor: str | None = ""
        while cursor is not None:
            page = portion(cursor, PORTION)
            for line in lines.lines(page, seen):
                yield joined(_cells(line), separator)
            cursor = page.after
    finally:
        if opened:
            db.close()


def _cells(line: Line) -> list[Any]:
    row = line.row
    hours = round(line.left.total_seconds() / 3600, 2) if line.left is not None and line.running else ""
    return [
        row.id,
        row.listing_id,
        row.number,
        row.title,
        row.author.name,
        word(row.state, "state"),
        ", ".join(word(reason, "reason") for reason in line.reasons),
        _instant(row.submitted_at),
        _instant(row.deadline_at),
        hours,
        row.claimant.name if line.held else "",
        row.assignee.name if row.assignee else "",
        ", ".join(line.values),
        _instant(row.decided_at),
    ]


def _instant(value: Any) -> str:
    return value.astimezone(zone()).isoformat(" ", "minutes") if value else ""


def joined(cells: Sequence[Any], separator: str) -> str:
    """One line of the file. A text that a spreadsheet would run as a formula is kept from it by an apostrophe (CWE-1236)."""
    line = StringIO()
    writer.writer(line, delimiter=separator, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
