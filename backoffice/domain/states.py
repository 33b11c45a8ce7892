"""The states of a submission, in one table (M2, A11–A13).

A claim is a lease beside the state, not a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from backoffice.domain.errors import Refused


class State(StrEnum):
    """Where a submission stands."""

    DRAFT = "draft"
    CHECKING = "checking"
    AWAITING_REVIEW = "awaiting_review"
    PUBLISHED = "published"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    UNPUBLISHED = "unpublished"


class Act(StrEnum):
    """What moves a submission from one state to another."""

    SUBMIT = "submit"
    CHECKS_DONE = "checks_done"
    RECHECK = "recheck"
    PUBLISH = "publish"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    SUPERSEDE = "supersede"
    UNPUBLISH = "unpublish"


TRANSITIONS: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.DRAFT, Act.SUBMIT): State.CHECKING,
        (State.CHECKING, Act.CHECKS_DONE): State.AWAITING_REVIEW,
        (State.AWAITING_REVIEW, Act.RECHECK): State.CHECKING,
        (State.AWAITING_REVIEW, Act.PUBLISH): State.PUBLISHED,
        (State.AWAITING_REVIEW, Act.RETURN): State.RETURNED,
        (State.AWAITING_REVIEW, Act.REJECT): State.REJECTED,
        (State.DRAFT, Act.WITHDRAW): State.WITHDRAWN,
        (State.CHECKING, Act.WITHDRAW): State.WITHDRAWN,
        (State.AWAITING_REVIEW, Act.WITHDRAW): State.WITHDRAWN,
        (State.RETURNED, Act.WITHDRAW): State.WITHDRAWN,
        (State.PUBLISHED, Act.SUPERSEDE): State.SUPERSEDED,
        (State.PUBLISHED, Act.UNPUBLISH): State.UNPUBLISHED,
    }
)

UNDER_MODERATION = (State.CHECKING, State.AWAITING_REVIEW)  # to the author both are «На модерации»
DECIDED = (State.PUBLISHED, State.RETURNED, State.REJECTED, State.SUPERSEDED, State.UNPUBLISHED)


def after(state: str, act: Act) -> State:
    """The state that ``act`` leads to; ``Refused("wrong_state")`` where the table has none."""
    try:
        return TRANSITIONS[State(state), act]
    except KeyError:
        raise Refused("wrong_state", state=str(state), act=str(act)) from None
