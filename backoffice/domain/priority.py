"""Why a submission stands where it stands in the queue: named reasons that a person can read (M3, M7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Reason(StrEnum):
    """One reason. A row can have several; each is a chip and a filter."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    ESCALATED = "escalated"
    INFECTED = "infected"
    REJECTING = "rejecting"
    CHECK_FAILED = "check_failed"
    RESUBMISSION = "resubmission"
    ON_HOLD = "on_hold"
    OVERRIDDEN = "overridden"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the reasons are made from. ``today_ends`` is the coming midnight in the office's zone; ``step`` the last escalation in percent."""

    deadline_at: datetime | None
    now: datetime
    today_ends: datetime
    number: int = 1
    step: int = 0
    infected: bool = False
    worst_finding: str = ""
    on_hold: bool = False
    overridden: bool = False
    provisional: bool = False


def reasons(standing: Standing) -> list[Reason]:
    """The reasons that hold, the heaviest first."""
    due = standing.deadline_at
    holds = {
        Reason.OVERDUE: bool(due and due <= standing.now and not standing.on_hold),
        Reason.DUE_TODAY: bool(due and standing.now < due <= standing.today_ends and not standing.on_hold),
        Reason.ESCALATED: standing.step > 0,
        Reason.INFECTED: standing.infected,
        Reason.REJECTING: standing.worst_finding == "reject" and not standing.infected,
        Reason.CHECK_FAILED: standing.worst_finding == "error",
        Reason.RESUBMISSION: standing.number > 1,
        Reason.ON_HOLD: standing.on_hold,
        Reason.OVERRIDDEN: standing.overridden,
        Reason.PROVISIONAL: standing.provisional,
    }
    return [reason for reason, true in holds.items() if true]


def urgency(remaining: timedelta | None, budget: timedelta) -> str:
    """How pressing it is, for colour beside the words: late, soon (a quarter of the budget or less), or calm."""
    if remaining is None:
        return "calm"
    if remaining <= timedelta(0):
        return "late"
    return "soon" if remaining <= budget / 4 else "calm"
