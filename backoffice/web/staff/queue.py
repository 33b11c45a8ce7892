"""The queue comes here next."""

from __future__ import annotations

from backoffice.web.staff.base import StaffView


def views() -> list[StaffView]:
    """For the staff's menu."""
    return []
