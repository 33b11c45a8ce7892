"""What picklescan and fickling try themselves against: every attack is rejected here, and nothing harmless is (A10, M5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backoffice.domain.verdicts import Severity
from backoffice.inspection import rules
from backoffice.inspection.inside import examine_upload
from tests.corpus import harmless_pickles, scanners
from tests.corpus.scanners import Sample

MODEL = "model_archive"


def _told(folder: Path, data: bytes, name: str) -> dict[str, Any]:
    path = folder / name
    path.write_bytes(data)
    with (folder / "pipe").open("wb") as pipe:
        return examine_upload(path, name=name, slot=MODEL, pipe=pipe, feeding=False)


def _rules(told: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in told["findings"]}


def _rejecting(found: set[str]) -> set[str]:
    return {rule for rule in found if rules.severities()[rule] == Severity.REQUIREMENT}


@pytest.mark.parametrize("suite", [scanners.picklescan, scanners.fickling])
def test_every_attack_is_rejected_and_nothing_else(tmp_path: Path, suite: Callable[[], Iterator[Sample]]) -> None:
    seen = {one.name: (one.hostile, _rules(told)) for one in suite() for told in [_told(tmp_path, one.data, "a.pkl")]}
    assert len(seen) > 60
    missed = {name: found for name, (hostile, found) in seen.items() if hostile and not _rejecting(found)}
    alarms = {name: found for name, (hostile, found) in seen.items() if not hostile and found}
    assert (missed, alarms) == ({}, {})


def test_a_zip_around_an_attack_changes_nothing(tmp_path: Path) -> None:
    seen = {one.name: _rules(_told(tmp_path, one.data, "a.zip")) for one in scanners.archives()}
    assert len(seen) == 8
    assert {name: found for name, found in seen.items() if not _rejecting(found)} == {}


def test_what_fickling_holds_harmless_goes_without_a_word(tmp_path: Path) -> None:
    seen = {one.name: _rules(_told(tmp_path, one.data, "a.pkl")) for one in harmless_pickles.harmless()}
    assert len(seen) > 50
    assert {name: found for name, found in seen.items() if found} == {}


def test_classes_of_the_author_are_unknown_and_no_more(tmp_path: Path) -> None:
    assert {frozenset(_rules(_told(tmp_path, one.data, "a.pkl"))) for one in harmless_pickles.unknown()} == {
        frozenset({"pickle.unknown_import"})
    }


def test_lists_that_unfold_are_loaded_in_a_moment_and_go_no_further(tmp_path: Path) -> None:
    """fickling calls these suspicious; loading one makes some hundred objects, only walking through them never ends. See docs/formats.md."""
    assert [_rules(_told(tmp_path, one.data, "a.pkl")) for one in scanners.expansions()] == [set(), set()]
