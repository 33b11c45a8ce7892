"""Compiled code: whole or not, what made it, and never green (A10)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from backoffice.domain.sentences import spoken
from tests.corpus.binaries import bytecode, long_elf
from tests.corpus.pack import tiny_elf, tiny_pe
from tests.inspection.formats.examining import Seen, examine, examine_bytes

MODEL = "model_archive"


def _summary(seen: Seen) -> dict[str, str]:
    return {spoken(label, "ru"): spoken(value, "ru") for label, value in seen.report.preview["summary"]}


@pytest.mark.parametrize(("name", "data"), [("a.dll", tiny_pe()), ("a.so", tiny_elf()), ("a.pyc", bytecode())])
def test_whole_files_are_opaque_and_without_findings(name: str, data: bytes, tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, name, data, slot=MODEL)
    assert seen.rules == set()
    assert (seen.report.coverage.scanned, seen.report.coverage.opaque) == (0, 1)
    assert seen.report.preview["hex"].startswith("00000000")


def test_a_real_extension_module_is_known_for_what_it_is(tmp_path: Path) -> None:
    path = next(Path(np.__file__).parent.glob("random/_generator*.so"))
    seen = examine(path, slot=MODEL)
    assert seen.rules == set()
    assert seen.report.facts["compiled_by"] == ["Cython"]
    assert _summary(seen)["Модули Python"] == "_generator"
    assert "libc.so.6" in _summary(seen)["Нужны библиотеки"]


def test_the_interpreter_is_a_whole_program() -> None:
    assert examine(Path(sys.executable).resolve(), slot=MODEL, name="python").rules == set()


def test_bytecode_shows_its_names_and_its_source(tmp_path: Path) -> None:
    summary = _summary(examine_bytes(tmp_path, "a.pyc", bytecode(), slot=MODEL))
    assert (summary["Исходный файл"], summary["Версия"]) == ("model.py", f"Python 3.{sys.version_info.minor}")
    assert "sqrt" in summary["Имена"]


def test_every_library_module_in_bytecode_is_followed_to_its_end(tmp_path: Path) -> None:
    sources = [Path(pytest.__file__), Path(__file__), *sorted(Path(np.__file__).parent.glob("lib/*.py"))[:10]]
    for number, source in enumerate(sources):
        seen = examine_bytes(tmp_path, f"{number}.pyc", bytecode(source.read_text("utf-8")), slot=MODEL)
        assert seen.rules == set(), source


@pytest.mark.parametrize(("name", "data", "rule"), [
    ("a.dll", tiny_pe()[:600], "format.truncated"), ("a.dll", tiny_pe()[:200], "format.damaged"), ("a.so", long_elf(), "format.truncated"),
    ("a.so", tiny_elf()[:100], "format.truncated"), ("a.pyc", bytecode()[:-1], "format.truncated"), ("a.pyc", bytecode()[:16], "format.truncated"),
])  # fmt: skip
def test_what_is_cut_short_is_refused(name: str, data: bytes, rule: str, tmp_path: Path) -> None:
    assert examine_bytes(tmp_path, name, data, slot=MODEL).rules == {rule}


def test_every_cut_of_bytecode_is_refused(tmp_path: Path) -> None:
    whole = bytecode()
    for end in range(17, len(whole)):
        assert examine_bytes(tmp_path, "a.pyc", whole[:end], slot=MODEL).rules == {"format.truncated"}, end


def test_an_archive_behind_a_program_is_pointed_out(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.dll", tiny_pe() + b"PK\3\4" + bytes(50), slot=MODEL)
    assert seen.rules == {"binary.overlay"}
