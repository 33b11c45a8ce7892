"""What happened, as it stands in the audit log and in timelines. One name a fact, in the past tense."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """The ``action`` of an audit row."""

    SUBMITTED = "submitted"
    CHECKS_FINISHED = "checks_finished"
    CHECK_RERUN = "check_rerun"
    CHECK_EXEMPTED = "check_exempted"
    QUARANTINED = "quarantined"
    CLAIMED = "claimed"
    CLAIM_RELEASED = "claim_released"
    CLAIM_TAKEN_OVER = "claim_taken_over"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    HANDED_OVER = "handed_over"
    SKIPPED = "skipped"
    HELD = "held"
    RESUMED = "resumed"
    DEADLINE_MOVED = "deadline_moved"
    ESCALATED = "escalated"
    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    PUBLISHED = "published"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    UNPUBLISHED = "unpublished"
    NOTED = "noted"
    DELIVERY_REPEATED = "delivery_repeated"
    DELIVERY_FAILED = "delivery_failed"
    FULL_VERSION_REQUESTED = "full_version_requested"
    VALUE_REQUESTED = "value_requested"
    SIGNED_IN = "signed_in"
    PERSON_CHANGED = "person_changed"
    SETTING_CHANGED = "setting_changed"
