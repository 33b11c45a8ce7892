"""The policy file is complete in both languages, and its words can always be filled in."""

from __future__ import annotations

import string

import pytest

from backoffice.domain.verdicts import Finding, Severity
from backoffice.inspection import rules

ALL = sorted(rules.rules().values(), key=lambda rule: rule.id)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_each_rule_says_everything_in_both_languages(rule: rules.Rule) -> None:
    for texts in (rule.title, rule.words, rule.why, rule.fix):
        assert all(texts[language].strip() for language in rules.LANGUAGES)
        assert any("а" <= letter.lower() <= "я" for letter in texts["ru"])
    named = [
        {field for _, field, _, _ in string.Formatter().parse(rule.words[language]) if field} for language in rules.LANGUAGES
    ]
    assert named[0] == named[1]


def test_only_what_could_not_be_looked_at_is_inconclusive_and_it_never_passes() -> None:
    assert all(rule.severity != Severity.NOTE for rule in ALL if rule.inconclusive)


def test_words_are_filled_in_and_never_fail() -> None:
    finding = Finding("antivirus.virus", Severity.REQUIREMENT, params={"name": "Win.Test.EICAR"})
    assert rules.words(finding, "ru") == "Антивирус нашёл «Win.Test.EICAR»."
    assert rules.words(Finding("antivirus.virus", Severity.REQUIREMENT), "en") == "The antivirus found …."
    assert rules.words(Finding("gone.rule", Severity.NOTE), "ru") == "gone.rule"


def test_the_version_is_a_digest() -> None:
    assert len(rules.POLICY_VERSION) == 12
    assert rules.policy_version() == rules.POLICY_VERSION
