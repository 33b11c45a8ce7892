"""Remarks as a moderator sends them (A14)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemarkDraft:
    """One remark: what to fix, how much it weighs, and where it is anchored. Empty strings mean "not anchored there"."""

    text: str
    level: str = "requirement"
    field: str = ""
    slot: str = ""
    member: str = ""
    place: str = ""
    rule: str = ""
    template: str = ""
    template_version: int = 0
    carried_from: int | None = None
