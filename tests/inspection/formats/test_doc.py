"""Word 97 documents: read by their own tables, no macros, no objects, no fields that run (A8, A9)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backoffice.inspection import tools
from tests.corpus import ole
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in ole.CASES if not {"format.mismatch", "format.empty"} & set(case.rules)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == set(case.rules), seen.report.findings


def test_the_moderator_reads_what_another_reader_reads(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.doc", ole.plain(), slot="instruction")
    other = subprocess.run(
        [tools.ALLOWED["catdoc"], "-dutf-8", "-w", tmp_path / "a.doc"], capture_output=True, check=True
    ).stdout.decode()
    assert "Модель находит дефекты сварных швов" in seen.report.preview["text"]
    assert seen.report.preview["text"].split() == other.split()


def test_every_stream_goes_to_the_antivirus(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.doc", ole.plain(), slot="instruction")
    assert set(seen.fed) == {"WordDocument", "1Table"}


def test_a_field_code_is_not_part_of_the_text(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.doc", ole.container(ole.document("Стр. \x13 PAGE \x145\x15 из 7\r")), slot="instruction")
    assert seen.report.preview["text"] == "Стр. 5 из 7"
