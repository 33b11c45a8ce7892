"""What everybody has on the table, for the board of the desk: the most urgent few of each, and of nobody (M9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import SQL, chunked

from backoffice.store.base import db
from backoffice.store.listings import OPEN, Submission
from backoffice.store.reports import Moment, first
from backoffice.store.tally import due

NOBODY = 0  # the column of what is free
TOGETHER = 200  # people in one statement


def tops(*, now: datetime, each: int, holders: Sequence[int]) -> dict[int, list[int]]:
    """Ids of the ``each`` most urgent open submissions of each holder, those of ``NOBODY`` being free. Few queries that read few rows.

    A holder is whom a submission is assigned to, else whoever works on it: as the loads count them.
    """
    live = (Submission.claim_expires_at > now) & Submission.claimant.is_null(False)
    working = Submission.select(due(), Submission.id, Submission.claimant_id).where(
        SQL(OPEN), live, Submission.assignee.is_null()
    )
    held = sorted([*_assigned(holders, each), *working.tuples()])
    columns: dict[int, list[int]] = defaultdict(list)
    for _, submission_id, holder in held:
        columns[int(holder)].append(int(submission_id))
    columns[NOBODY] = first("unassigned", Moment(now, now, now), each)
    return {holder: ids[:each] for holder, ids in columns.items()}


def _assigned(holders: Sequence[int], each: int) -> Iterable[tuple[Any, ...]]:
    """(due, id, holder) of the most urgent of each: every one begins where its part of the index begins."""
    one = (
        f"SELECT * FROM (SELECT {due().sql} AS due, id, assignee_id FROM submission AS t1 "  # noqa: S608 (our own names)
        f"WHERE {OPEN} AND assignee_id = {db.obj.param} ORDER BY 1, id LIMIT {each}) AS one"
    )
    for some in chunked(holders, TOGETHER):
        yield from db.execute_sql(" UNION ALL ".join([one] * len(some)), some).fetchall()
