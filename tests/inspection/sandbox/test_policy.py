"""The policy is whole: every rule has its words in both languages, and the code names no rule that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from backoffice.domain.verdicts import Severity
from backoffice.inspection.sandbox import compose_keys, policy

CODE = Path(policy.__file__).parent


@pytest.mark.parametrize("rule", sorted(policy.rules()))
def test_a_rule_speaks_both_languages(rule: str) -> None:
    row = policy.rules()[rule]
    Severity(row["severity"])
    assert row.get("outcome", "author_fault") in ("author_fault", "limit")
    for part in ("title", "words", "why", "fix"):
        assert set(row[part]) == set(policy.LANGUAGES)
        assert all(text.strip() == text and text for text in row[part].values())
    fields = [{name for _, name, _, _ in Formatter().parse(row["words"][language]) if name} for language in policy.LANGUAGES]
    assert fields[0] == fields[1]


def test_the_code_names_no_rule_that_is_not_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in CODE.glob("*.py"))
    named = set(re.findall(r'"((?:config|compose|docker|image|build|run)\.[a-z_]+)"', source))
    assert named - set(policy.rules()) <= {"compose.yaml", "compose.yml", "build.context", "docker.sock", "docker.io", "run.sh"}
    assert set(compose_keys.REFUSED.values()) <= set(policy.rules())


def test_a_kept_reason_is_told_in_either_language() -> None:
    assert policy.told("sandbox.no_engine: x: y", "en") == "Not done: there is no sandbox (x: y)."
    assert policy.told("sandbox.no_engine: x", "ru") == "Не выполнялась: нет песочницы (x)."
    assert policy.told("sandbox.unheard: x") == "sandbox.unheard: x"
    assert policy.told("jail.timeout") == "jail.timeout"


def test_both_languages_say_why_nothing_was_tried() -> None:
    assert policy.reason("no_engine", "ru", detail="x") != policy.reason("no_engine", "en", detail="x")
