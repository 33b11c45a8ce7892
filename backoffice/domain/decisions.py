"""What stands against a decision, by name, so that it can stand beside the button with the way out (M2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backoffice.domain.remarks import RemarkDraft


class DecisionKind(StrEnum):
    """What a moderator decides."""

    PUBLISH = "publish"
    RETURN = "return"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class CheckState:
    """What a decision needs to know of one check."""

    slot: str
    kind: str
    state: str
    verdict: str
    opaque: int = 0
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason, and which file it concerns (empty: the submission as a whole)."""

    reason: str
    slot: str = ""


def blockers(
    kind: str,
    *,
    checks: Sequence[CheckState],
    remarks: Sequence[RemarkDraft],
    message: str,
    opaque_signed: bool,
    on_hold: bool = False,
) -> list[Blocker]:
    """Everything that stands against the decision; empty when it may be made."""
    hold = [Blocker("on_hold")] if on_hold else []
    if kind == DecisionKind.PUBLISH:
        return hold + [blocker for check in checks for blocker in _against_publishing(check, opaque_signed=opaque_signed)]
    if kind == DecisionKind.RETURN:
        return hold + (
            [] if any(r.level == "requirement" and r.text.strip() for r in remarks) else [Blocker("no_requirement_remark")]
        )
    if kind == DecisionKind.REJECT:
        return hold + ([] if message.strip() else [Blocker("reason_needed")])
    return [Blocker("unknown_decision")]


def _against_publishing(check: CheckState, *, opaque_signed: bool) -> list[Blocker]:
    if check.quarantined:
        return [Blocker("quarantined", check.slot)]
    if check.state == "exempt":
        return []
    if check.state in ("queued", "running", "failed", "stale"):
        return [Blocker("check_unfinished", check.slot)]
    if check.state in ("exhausted", "inconclusive") or check.verdict == "error":
        return [Blocker("check_inconclusive", check.slot)]
    if check.verdict == "reject":
        return [Blocker("rejecting_finding", check.slot)]
    if check.opaque and not opaque_signed:
        return [Blocker("opaque_unsigned", check.slot)]
    return []
