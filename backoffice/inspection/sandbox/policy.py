"""The sandbox's policy: ``config/policies/sandbox.toml`` as values (M6).

``VERSION`` is a digest of everything that decides an answer, so that a changed policy makes old attempts stale.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backoffice.domain.sentences import sentence
from backoffice.domain.verdicts import Finding, Severity

FOLDER = Path(__file__).resolve().parents[3] / "config" / "policies"
POLICY = FOLDER / "sandbox.toml"
SECCOMP = FOLDER / "seccomp.json"
CODE_VERSION = "2"  # raised when the code answers differently under the same policy
KEPT = "sandbox."  # what a reason kept with a check begins with
LANGUAGES = ("ru", "en")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(POLICY.read_text(encoding="utf-8"))


def limits() -> Mapping[str, float]:
    """The numbers of ``[limits]``: bytes, counts, seconds, cores."""
    return _table()["limits"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one attempt is held to; tests and installations narrow it."""

    limits: Mapping[str, float]
    registries: Sequence[str]
    runtime: str = ""
    platform: str = "linux/amd64"
    own: Sequence[str] = ()
    build_proxy: str = ""  # "http://host:port"; builds have no network at all when it is empty

    def whole(self, name: str) -> int:
        """A limit as a whole number: bytes, counts, seconds."""
        return int(self.limits[name])


def terms(**changed: float) -> Terms:
    """The policy's own terms, with some limits changed."""
    table = _table()["policy"]
    return Terms(
        {**limits(), **changed}, table["registries"], table["runtime"], table["platform"], table["own"], table["build_proxy"]
    )


def rules() -> Mapping[str, Mapping[str, Any]]:
    """Every rule by its id: severity, outcome?, title, words, why, fix by language."""
    return _table()["rules"]


def finding(rule: str, *, file: str | None = None, line: int | None = None, **params: str | float) -> Finding:
    """A finding of one of our rules; ``place`` is the line's number. An unknown rule is our mistake and raises ``KeyError``."""
    return Finding(rule, Severity(rules()[rule]["severity"]), file, str(line) if line else None, params)


def words(seen: Finding, language: str = "ru") -> str:
    """A finding as a person reads it; a rule that has gone since is shown by its id."""
    rule = rules().get(seen.rule)
    return sentence(rule["words"][language], seen.params, language) if rule else seen.rule


def reason(name: str, language: str = "ru", *, detail: str = "") -> str:
    """Why nothing was tried, or how the attempt ended, in one sentence."""
    return str(_table()["reasons"][name][language]).format(detail=detail)


def told(why: str, language: str = "ru") -> str:
    """A reason as it is kept with a check (``Tried.kept``), in words; anything else as it is."""
    name, _, detail = why.removeprefix(KEPT).partition(": ")
    return reason(name, language, detail=detail) if why.startswith(KEPT) and name in _table()["reasons"] else why


def outcome_of(findings: list[Finding]) -> str:
    """``limit`` or ``author_fault`` by the first finding that can return a submission, ``passed`` without one."""
    for seen in findings:
        if seen.severity == Severity.REQUIREMENT:
            return str(rules()[seen.rule].get("outcome", "author_fault"))
    return "passed"


@cache
def version() -> str:
    """Twelve hexadecimal digits of the policy and the code's version."""
    parts = POLICY.read_bytes() + (SECCOMP.read_bytes() if SECCOMP.exists() else b"") + CODE_VERSION.encode()
    return hashlib.sha256(parts).hexdigest()[:12]
