"""The rules of the automatic checks: how much each weighs, the limits, and the words people read (A7–A10, M4, M5).

Everything comes from ``config/policies/checks.toml``, and the rules of Docker configs from ``sandbox.toml``. ``POLICY_VERSION`` is a digest of
both, of the markers and of the slots: a changed policy makes old results stale.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backoffice.domain.sentences import sentence
from backoffice.domain.verdicts import Finding, Severity

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
CHECKS = POLICIES / "checks.toml"
SANDBOX = POLICIES / "sandbox.toml"  # what a Docker config may not ask for is refused by both checks, in the same words
MARKERS = POLICIES / "markers.yar"
SLOTS = POLICIES / "slots.toml"
LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``title``, ``words``, ``why`` and ``fix`` are by language; ``words`` has places for a finding's params."""

    id: str
    severity: Severity
    inconclusive: bool
    title: Mapping[str, str]
    words: Mapping[str, str]
    why: Mapping[str, str]
    fix: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the card for a file: its name on the command line, what it accepts, and how many bytes."""

    id: str
    cli: str
    words: Mapping[str, str]
    extensions: tuple[str, ...]
    max_bytes: int


@cache
def _policy() -> dict[str, Any]:
    return tomllib.loads(CHECKS.read_text(encoding="utf-8"))


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id. A missing key in the file is our mistake and raises ``KeyError``."""
    tables = (tomllib.loads(SANDBOX.read_text(encoding="utf-8"))["rules"], _policy()["rules"])
    return {name: _rule(name, row) for table in tables for name, row in table.items()}


def _rule(name: str, row: dict[str, Any]) -> Rule:
    texts = {part: {language: row[part][language] for language in LANGUAGES} for part in ("title", "words", "why", "fix")}
    return Rule(name, Severity(row["severity"]), bool(row.get("inconclusive", False)), **texts)


@cache
def severities() -> dict[str, Severity]:
    """The weight of each rule, for ``Report.severities``."""
    return {name: rule.severity for name, rule in rules().items()}


@cache
def limits() -> dict[str, int | float]:
    """The numbers of ``[limits]``: bytes, counts, seconds and ratios."""
    return dict(_policy()["limits"])


@cache
def slots() -> dict[str, Slot]:
    """The slots of a card by id, from ``slots.toml``."""
    table = tomllib.loads(SLOTS.read_text(encoding="utf-8"))
    return {
        name: Slot(name, row["cli"], {"ru": row["ru"], "en": row["en"]}, tuple(row["extensions"]), row["max_bytes"])
        for name, row in table.items()
    }


def words(finding: Finding, language: str = "ru") -> str:
    """A finding as a person reads it. A rule that has gone from the policy since is shown by its id."""
    rule = rules().get(finding.rule)
    return sentence(rule.words[language], finding.params, language) if rule else finding.rule


@cache
def policy_version() -> str:
    """Twelve hexadecimal digits that change with any change of the rules, limits or slots."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in (CHECKS, SANDBOX, MARKERS, SLOTS))).hexdigest()[:12]


def __getattr__(name: str) -> str:
    if name == "POLICY_VERSION":
        return policy_version()
    raise AttributeError(name)
