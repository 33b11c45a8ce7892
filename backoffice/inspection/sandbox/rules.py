"""The sandbox's rules in the same shape as those of the other checks, for the pages where authors read them."""

from __future__ import annotations

from functools import cache

from backoffice.domain.verdicts import Severity
from backoffice.inspection.rules import Rule
from backoffice.inspection.sandbox import policy


@cache
def rules() -> dict[str, Rule]:
    """Every rule of ``sandbox.toml`` by its id."""
    parts = ("title", "words", "why", "fix")
    return {
        name: Rule(name, Severity(row["severity"]), False, **{part: row[part] for part in parts})
        for name, row in policy.rules().items()
    }
