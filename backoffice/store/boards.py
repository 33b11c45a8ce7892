"""What everybody has on the table, for the board of the desk: the most urgent few of each, and of nobody (M9)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from peewee import SQL, fn

from backoffice.store.listings import Submission
from backoffice.store.reports import OPEN, Moment, conditions

NOBODY = 0  # the column of what is free


def tops(*, now: datetime, each: int) -> dict[int, list[int]]:
    """Ids of the ``each`` most urgent open submissions by holder, those of ``NOBODY`` being free. Two queries.

    A holder is whom a submission is assigned to, else whoever works on it: as the loads count them.
    """
    live = (Submission.claim_expires_at > now) & Submission.claimant.is_null(False)
    holder = fn.COALESCE(Submission.assignee_id, Submission.claimant_id)
    urgent = [Submission.deadline_at.is_null(), Submission.deadline_at, Submission.id]
    place = fn.ROW_NUMBER().over(partition_by=[holder], order_by=urgent)
    ranked = Submission.select(Submission.id, holder.alias("holder"), place.alias("place")).where(
        SQL(OPEN), Submission.assignee.is_null(False) | live
    )
    columns: dict[int, list[int]] = defaultdict(list)
    picked = ranked.alias("ranked")
    found = Submission.select(picked.c.holder, picked.c.id).from_(picked).where(picked.c.place <= each)
    for who, submission_id in found.order_by(picked.c.place).tuples():
        columns[int(who)].append(int(submission_id))
    free = Submission.select(Submission.id).where(*conditions("unassigned", Moment(now, now, now)))
    columns[NOBODY] = [row[0] for row in free.order_by(*urgent).limit(each).tuples()]
    return dict(columns)
