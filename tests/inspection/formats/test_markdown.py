"""Markdown is text that runs nothing and fetches nothing (A8, A9)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.corpus import markdowns
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in markdowns.CASES if not case.name.startswith(("пусто", "pdf"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_text_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == set(case.rules), seen.report.findings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8_r", "utf-16"])
def test_the_moderator_reads_it_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.md", "# Инструкция\n\nНаведите камеру на шов.\n".encode(encoding), slot="instruction")
    assert "<h1>Инструкция</h1>" in seen.report.preview["html"]
    assert "Наведите камеру" in seen.report.preview["text"]


def test_the_preview_fetches_nothing(tmp_path: Path) -> None:
    text = "![](http://a/b.png) [x](http://c) <img src=http://d> <b style='background:url(http://e)'>т</b>"
    seen = examine_bytes(tmp_path, "a.md", text.encode(), slot="instruction")
    assert re.findall("<(img|a|b)\\b", seen.report.preview["html"]) == []


def test_a_long_preview_is_cut_to_its_size(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.md", ("слово и ещё слово\n\n" * 40_000).encode(), slot="instruction")
    assert 50_000 < len(str(seen.report.preview["text"]).encode("unicode_escape")) < seen.report.limits["preview_bytes"]


def test_a_licence_is_recognised(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.md", markdowns.LICENCE.encode(), slot="terms_of_use")
    assert seen.report.facts["license"] == "MIT"
