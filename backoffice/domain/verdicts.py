"""What automatic checks say, and what may be concluded from it (M4, M5).

Values only. Nothing that was not really looked at counts as clean: ``opaque`` and ``failed`` bytes never make a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding weighs. Only a requirement rejects; the other three warn."""

    REQUIREMENT = "requirement"
    GUIDELINE = "guideline"
    SUGGESTION = "suggestion"
    NOTE = "note"


class Verdict(StrEnum):
    """The answer for one file."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    WARN = "warn"
    REJECT = "reject"
    ERROR = "error"  # ours: retried, and blocks publication until resolved


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check saw.

    ``rule`` is an id of ``config/policies/checks.toml`` (or ``sandbox.toml``); ``member`` the path inside an archive, outer to inner joined by
    ``!/``; ``place`` a line, row, page or byte as people would say it; ``params`` fill the rule's words in either language.
    """

    rule: str
    severity: Severity
    member: str | None = None
    place: str | None = None
    params: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What part of the file the checks really saw. Counts of members (a bare file is one member); ``bytes`` is the size of all of them."""

    bytes: int = 0
    members: int = 0
    scanned: int = 0
    opaque: int = 0
    failed: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.bytes + other.bytes,
            self.members + other.members,
            self.scanned + other.scanned,
            self.opaque + other.opaque,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What one examination of a file came to. ``state``: passed, findings, inconclusive (``why`` names a rule), or failed with verdict ``error``."""

    state: str
    verdict: Verdict
    why: str = ""
    detected: str = ""
    findings: Sequence[Finding] = ()
    coverage: Coverage = field(default_factory=Coverage)
    facts: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    preview: Mapping[str, Any] = field(default_factory=dict)


def verdict_of(findings: Iterable[Finding], *, failed: bool = False) -> Verdict:
    """One verdict from findings: a requirement rejects even when something else of ours failed; a failure of ours is an error."""
    severities = {finding.severity for finding in findings}
    if Severity.REQUIREMENT in severities:
        return Verdict.REJECT
    if failed:
        return Verdict.ERROR
    return Verdict.WARN if severities else Verdict.PASS
