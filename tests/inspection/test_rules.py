"""The policy file is complete in both languages, and its words can always be filled in."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import pytest

from backoffice.domain.verdicts import Finding, Severity
from backoffice.inspection import detect, rules
from backoffice.inspection.inside import examine_upload
from tests.corpus import build

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


# Rules that no file of the corpus can earn by its bytes alone, and where they are tried instead.
ELSEWHERE = {
    "format.too_large": "test_the_size_of_a_slot_is_held",
    "format.unparsed": "test_mutations.py: an examiner must never earn it",
    "jail.crashed": "test_jail.py",
    "jail.timeout": "test_jail.py",
    "jail.memory": "test_jail.py",
    "jail.output": "test_distrust.py",
    "jail.later": "test_cli_check.py",
    "antivirus.limits": "test_antivirus_troubles.py",
    "antivirus.unreachable": "test_runner.py",
    "antivirus.macros": "test_antivirus.py: what clamd says of macros that the examiner of .doc rejects by itself",
    "marker.unread": "only when yara-x gives up",
}


def test_every_rule_about_a_file_has_a_bad_sample() -> None:
    shown = {rule for _, case in build.cases() for rule in case.rules}
    ours = set(tomllib.loads(rules.CHECKS.read_text())["rules"])
    assert ours - shown - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) & shown == set()


def test_every_format_of_every_slot_has_a_good_sample() -> None:
    good = {
        (case.slot, detect.FORMAT_OF_EXTENSION[detect.extension(case.name)])
        for _, case in build.cases()
        if case.verdict == "pass"
    }
    good |= {("terms_of_use", kind) for slot, kind in good if slot == "instruction"}  # the same documents, the same examiners
    wanted = {(name, detect.FORMAT_OF_EXTENSION[one]) for name, slot in rules.slots().items() for one in slot.extensions}
    assert wanted - good == set()


def test_the_size_of_a_slot_is_held(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with path.open("wb") as file:
        file.truncate(rules.slots()["instruction"].max_bytes + 1)
    with (tmp_path / "pipe").open("wb") as pipe:
        told = examine_upload(path, name="a.md", slot="instruction", pipe=pipe, feeding=False)
    assert {finding["rule"] for finding in told["findings"]} == {"format.too_large"}
    assert told["coverage"]["failed"] == 1
