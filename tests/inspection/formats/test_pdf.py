"""PDF documents are whole, open to everybody, and do nothing by themselves (A8, A9)."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from tests.corpus import pdfs
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in pdfs.CASES if not case.name.startswith(("пусто", "текст"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == {rule for rule in case.rules if not rule.startswith("antivirus.")}, seen.report.findings


def test_the_moderator_sees_pages_and_words(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.pdf", pdfs.plain(), slot="instruction")
    preview, files = seen.report.preview, seen.report.attachments
    assert preview["pages"] >= 2
    assert "Модель находит дефекты" in preview["text"]
    assert [file.name for file in files] == preview["files"]
    assert all(file.data.startswith(b"\x89PNG") for file in files)


def test_a_huge_page_is_drawn_small(tmp_path: Path) -> None:
    def widen(document: pikepdf.Pdf) -> None:
        document.pages[0].MediaBox = pikepdf.Array([0, 0, 14_400, 14_400])

    seen = examine_bytes(tmp_path, "a.pdf", pdfs.changed(widen), slot="instruction")
    assert seen.rules == set()
    assert len(seen.report.attachments[0].data) < 2_000_000


def test_streams_go_to_the_antivirus_unpacked(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.pdf", pdfs.changed(pdfs._attached), slot="instruction")
    assert b"text of the attachment" in seen.fed.values()


@pytest.mark.parametrize("cut", [10, 700, 5_000, 30_000])
def test_every_cut_is_refused(cut: int, tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.pdf", pdfs.plain()[:-cut], slot="instruction")
    assert seen.rules & {"format.truncated", "format.damaged"}
