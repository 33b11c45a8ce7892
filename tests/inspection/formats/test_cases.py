"""Every case of the corpus of this room, examined without jail and antivirus: the same words, in a second (A7, M5)."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

from backoffice.domain.verdicts import verdict_of
from backoffice.inspection import detect
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine

FAMILIES = [name for name in ("data", "media") if importlib.util.find_spec(f"tests.corpus.{name}")]
CASES: list[Case] = [case for family in FAMILIES for case in importlib.import_module(f"tests.corpus.{family}").CASES]
# These are told by the runner before an examiner is asked.
_BEFORE = {"format.mismatch", "format.extension"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_examiner_says_exactly_what_the_corpus_says(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    case.build(path)
    detected = detect.detect(path, case.name) if path.stat().st_size else "empty"
    wanted = detect.FORMAT_OF_EXTENSION[detect.extension(case.name)]
    if not detect.accepts(wanted, detected):
        assert set(case.rules) & {*_BEFORE, "format.empty"}, detected
        return
    seen = examine(path, slot=case.slot)
    told = [(finding.rule, dict(finding.params)) for finding in seen.report.findings]
    assert (seen.rules, verdict_of(seen.report.findings)) == (set(case.rules), case.verdict), told


@pytest.mark.parametrize("case", [case for case in CASES if case.verdict == "pass"], ids=lambda case: case.name)
def test_a_good_file_is_read_whole_and_has_a_preview(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    case.build(path)
    report = examine(path, slot=case.slot).report
    assert (report.coverage.members, report.coverage.scanned, report.coverage.bytes) == (1, 1, path.stat().st_size)
    assert report.preview["kind"] in ("table", "json", "image", "audio", "video")
