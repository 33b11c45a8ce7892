"""A claim: a moderator's exclusive, expiring hold on a submission (M3)."""

from __future__ import annotations

from datetime import datetime, timedelta

LEASE = timedelta(minutes=15)  # of inactivity; kept by activity, not by an open tab


def is_live(claimant: int | None, expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody holds it at ``now``."""
    return claimant is not None and expires_at is not None and expires_at > now
