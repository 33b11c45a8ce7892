"""How many open submissions there are of each kind, without counting them: triggers keep a number per cell (migration 0040).

``weighed`` stands where the table ``submission`` would: rows that each weigh ``n`` submissions. The conditions of lists are asked of it unchanged, so
that a number is always the number of its rows. What a cell is too coarse for is taken row by row, in the same statement: the hours in which a
condition turns, and whoever is claimed (a lapse of a claim changes no row).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, SqliteDatabase

from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.people import Person

FAR = "9999-12-31 00:00:00.000000+00:00"  # where no deadline runs
_OPEN = "state IN ('checking', 'awaiting_review')"  # literal: SQLite matches partial indexes by text
_HOUR = timedelta(hours=1)
_CELL = "state, {holder} AS assignee_id, CAST(NULL AS INTEGER) AS claimant_id, {no_time} AS claim_expires_at, {due} AS deadline_at, on_hold, {n} AS n"
_ROW = "state, assignee_id, {claimant}, {expires}, deadline_at, on_hold, {n} FROM submission WHERE " + _OPEN


def weighed(turns: Iterable[datetime | None], person: Person | None = None) -> SQL:
    """A source named "t1" of open submissions by weight, with what conditions on state, assignee, claim, deadline and hold need.

    ``turns`` are the instants that deadlines are compared with. Without ``person``, assignees are only somebody or nobody.
    """
    hours = sorted({turn.replace(minute=0, second=0, microsecond=0) for turn in turns if turn is not None})
    text = Submission.deadline_at.db_value
    mark, far = db.obj.param, f"NULLIF(due, {_far()})"
    params: list[Any] = []
    parts: list[str] = []

    def cells(holder: str, n: str, condition: str, *values: int) -> None:
        columns = _CELL.format(holder=holder, no_time=_no_time(), due=far, n=n)
        others = f" AND due <> {mark}" * len(hours)
        parts.append(f"SELECT {columns} FROM submission_tally WHERE {_OPEN} AND {condition}{others}")  # noqa: S608 (our own names)
        params.extend([*values, *map(text, hours)])

    cells("NULLIF(holder, 0)", "n", "holder IN (0, -1)")
    if person is not None:  # theirs instead of just somebody's
        cells("holder", "n", f"holder = {mark}", person.id)
        cells("-1", "-n", f"holder = {mark}", person.id)
    for hour in hours:
        row = _ROW.format(claimant="CAST(NULL AS INTEGER)", expires=_no_time(), n="1")
        parts.append(f"SELECT {row} AND deadline_at >= {mark} AND deadline_at < {mark}")
        params += [text(hour), text(hour + _HOUR)]
    for claimant, expires, n in (("claimant_id", "claim_expires_at", "1"), ("CAST(NULL AS INTEGER)", _no_time(), "-1")):
        parts.append(f"SELECT {_ROW.format(claimant=claimant, expires=expires, n=n)} AND claimant_id IS NOT NULL")
    return SQL(f'({" UNION ALL ".join(parts)}) AS "t1"', params)


def beside() -> dict[str, int]:
    """How many there are of the two kinds that are not open: ``with_author``, and ``submitted`` at any time."""
    asked = "SELECT state, SUM(n) FROM submission_tally WHERE holder = 0 AND state IN ('with_author', 'submitted') GROUP BY state"
    found = dict(db.execute_sql(asked).fetchall())
    return {kind: int(found.get(kind, 0)) for kind in ("with_author", "submitted")}


def by_holder() -> Counter[int]:
    """How many open submissions are assigned to each person."""
    cells = f"SELECT holder, SUM(n) FROM submission_tally WHERE holder > 0 AND {_OPEN} GROUP BY holder"  # noqa: S608 (no value in it)
    return Counter({int(holder): int(number) for holder, number in db.execute_sql(cells).fetchall()})


def fold() -> None:
    """Join what PostgreSQL's triggers appended, and drop the cells that became empty. Any time, by anybody, also two at once."""
    if isinstance(db.obj, SqliteDatabase):
        db.execute_sql("DELETE FROM submission_tally WHERE n = 0")
        return
    db.execute_sql(
        "WITH many AS (SELECT state, holder, on_hold, due FROM submission_tally GROUP BY 1, 2, 3, 4 HAVING COUNT(*) > 1), "
        "gone AS (DELETE FROM submission_tally AS t USING many "
        "WHERE (t.state, t.holder, t.on_hold, t.due) = (many.state, many.holder, many.on_hold, many.due) RETURNING t.*) "
        "INSERT INTO submission_tally SELECT state, holder, on_hold, due, SUM(n) FROM gone GROUP BY 1, 2, 3, 4 HAVING SUM(n) <> 0"
    )


def due(table: str = "t1") -> SQL:
    """The deadline as lists are ordered by it, none being the last: indexes hold it so, and a range of it begins where it begins."""
    return SQL(f'COALESCE("{table}"."deadline_at", {_far()})')


def _far() -> str:
    return f"'{FAR}'" if isinstance(db.obj, SqliteDatabase) else f"TIMESTAMPTZ '{FAR}'"


def _no_time() -> str:
    return "NULL" if isinstance(db.obj, SqliteDatabase) else "NULL::timestamptz"
