"""What checks found, in the reader's words: rules come from the policies of the inspection and of the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from backoffice.domain.sentences import sentence, spoken
from backoffice.domain.verdicts import Severity
from backoffice.i18n import language
from backoffice.inspection import rules as inspection_rules
from backoffice.inspection.sandbox import policy as sandbox_policy
from backoffice.store.checks import Check, Finding
from backoffice.web.words import word

_ORDER = [str(severity) for severity in Severity]


@dataclass(frozen=True, slots=True)
class RulePage:
    """One rule as people read it."""

    id: str
    severity: str
    title: str
    words: str
    why: str
    fix: str


@cache
def _all() -> dict[str, Mapping[str, Any]]:
    """Every rule of both policies by its id, as {severity, title, words, why, fix}."""
    parts = ("severity", "title", "words", "why", "fix")
    inspected = {name: {part: getattr(rule, part) for part in parts} for name, rule in inspection_rules.rules().items()}
    return {**inspected, **sandbox_policy.rules()}


def rule_pages(reader: str) -> dict[str, list[RulePage]]:
    """Every rule by its group (the part of its id before the first dot)."""
    groups: dict[str, list[RulePage]] = {}
    for name, rule in _all().items():
        groups.setdefault(name.partition(".")[0], []).append(_page(name, rule, reader))
    return groups


def rule_page(name: str, reader: str) -> RulePage | None:
    """One rule; None for one that has gone since."""
    rule = _all().get(name)
    return _page(name, rule, reader) if rule else None


def _page(name: str, rule: Mapping[str, Any], reader: str) -> RulePage:
    texts = {part: rule[part][reader] for part in ("title", "why", "fix")}
    return RulePage(name, str(rule["severity"]), words=sentence(rule["words"][reader], {}, reader), **texts)


def words(finding: Finding, reader: str | None = None) -> str:
    """One finding's sentence. A rule that has gone since is shown by its id."""
    rule = _all().get(finding.rule)
    reader = reader or language()
    return sentence(rule["words"][reader], finding.params or {}, reader) if rule else finding.rule


def why(check: Check) -> str:
    """Why a check came to nothing, in the reader's language."""
    return told(check.why)


def told(kept: str) -> str:
    """The same of a reason as it is kept."""
    return word(spoken(sandbox_policy.told(kept, language()), language()), "why")


def title(name: str) -> str:
    """A rule's heading."""
    rule = _all().get(name)
    return str(rule["title"][language()]) if rule else name


def of_checks(checks: Iterable[Check]) -> dict[int, list[Finding]]:
    """The findings of several checks in one query, the heaviest first."""
    ids = [check.id for check in checks]
    found: dict[int, list[Finding]] = {each: [] for each in ids}
    for finding in Finding.select().where(Finding.check.in_(ids)).order_by(Finding.id):
        found[finding.check_id].append(finding)
    for rows in found.values():
        rows.sort(key=lambda finding: _ORDER.index(finding.severity))
    return found
