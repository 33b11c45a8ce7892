"""Word documents neither run, fetch nor carry anything, and are whole (A8, A9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import words
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in words.CASES if "format.mismatch" not in case.rules and not case.name.startswith("вирус")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == set(case.rules), seen.report.findings


def test_the_moderator_reads_it(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.docx", words.plain(), slot="instruction")
    assert "Модель находит дефекты" in seen.report.preview["text"]
    assert "<li>" in seen.report.preview["html"]
    assert "<img" not in seen.report.preview["html"]


def test_where_a_picture_stood_the_moderator_sees_a_mark(tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.name == "с-картинкой-и-таблицей.docx")
    case.build(tmp_path / case.name)
    html = examine(tmp_path / case.name, slot=case.slot).report.preview["html"]
    assert html.index("Схема") < html.index("▣") < html.index("Столбец")


def test_every_part_goes_to_the_antivirus(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.docx", words.plain(), slot="instruction")
    assert seen.fed["word/document.xml"].startswith(b"<?xml")
    assert seen.report.coverage.members == seen.report.coverage.scanned == 1


@pytest.mark.parametrize("cut", [1, 30, 3_000, 20_000])
def test_every_cut_is_refused(cut: int, tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.docx", words.plain()[:-cut], slot="instruction")
    assert seen.rules & {"format.truncated", "archive.damaged", "format.damaged"}
