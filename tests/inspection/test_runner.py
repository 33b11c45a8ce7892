"""One file, one answer, from the jail and the antivirus together."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import numpy as np
import py7zr
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import feather

from backoffice.domain.verdicts import Verdict
from backoffice.inspection import clamd_server, runner
from tests.corpus.pack import sevened
from tests.inspection.test_antivirus import EICAR, zipped
from tests.real.disk import small_disk

pytestmark = [pytest.mark.clamd, pytest.mark.jail]

ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 100


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def test_an_infected_member_is_a_virus_and_rejects(clamd: str, tmp_path: Path) -> None:
    path = tmp_path / "модель.zip"
    path.write_bytes(zipped("data/weights.bin", EICAR))
    seen = runner.inspect(path, slot="model_archive", name=path.name, antivirus=clamd)
    assert seen.verdict == Verdict.REJECT
    assert "antivirus.virus" in {finding.rule for finding in seen.findings}


def test_a_virus_that_clamd_cannot_unpack_is_found_in_what_we_unpacked(clamd: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "lzma.zip", {"lib/core.so": ELF, "notes.txt": EICAR}, zipfile.ZIP_LZMA)
    seen = runner.inspect(path, slot="model_archive", name=path.name, antivirus=clamd)
    assert ("antivirus.virus", "notes.txt") in {(finding.rule, finding.member) for finding in seen.findings}


def test_without_a_reachable_antivirus_nothing_passes(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.txt": b"text"})
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=f"unix:{tmp_path}/nobody.sock")
    assert (seen.verdict, seen.state) == (Verdict.ERROR, "failed")
    assert "no clamd" in seen.why


def test_a_rejecting_finding_stands_even_without_the_antivirus(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"")
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=f"unix:{tmp_path}/nobody.sock")
    assert seen.verdict == Verdict.REJECT


def test_a_run_without_antivirus_says_that_it_did_not_run(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.txt": b"text"})
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=None)
    assert seen.verdict == Verdict.PASS
    assert next(tool for tool in seen.tools if tool["name"] == "clamd")["ran"] is False
    assert seen.preview["kind"] == "tree"
    assert (seen.coverage.members, seen.coverage.scanned) == (1, 1)


def test_what_nobody_can_look_into_is_never_green(clamd: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"lib/core.so": ELF})
    seen = runner.inspect(path, slot="model_archive", name=path.name, antivirus=clamd)
    assert seen.coverage.opaque + seen.coverage.failed > 0
    assert seen.verdict != Verdict.PASS


def test_progress_is_told(clamd: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = archive(tmp_path / "a.zip", {f"{n}.txt": b"text" * 1000 for n in range(50)})
    runner.inspect(
        path, slot="data_example", name=path.name, antivirus=clamd, progress=lambda done, members: told.append((done, members))
    )
    assert told
    assert told[-1][1] == 50


def test_a_large_7z_is_scanned_member_by_member_and_once(clamd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backoffice.inspection import archives

    path = tmp_path / "a.7z"
    noise = random.Random(3).randbytes(archives.ALONE_FROM + 1000)
    path.write_bytes(sevened({"a.txt": b"text", "b.bin": noise, "c.txt": EICAR}, filters=[{"id": py7zr.FILTER_COPY}]))
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=clamd)
    assert ("antivirus.virus", "c.txt") in {(finding.rule, finding.member) for finding in seen.findings}


@pytest.mark.parametrize("coder", ["LZMA", "LZMA2", "DELTA", "BZIP2", "DEFLATE", "COPY", "ZSTD", "BROTLI"])
def test_a_virus_is_found_behind_every_coder_of_7z(clamd: str, tmp_path: Path, coder: str) -> None:
    path = tmp_path / "a.7z"
    first: list[dict[str, int]] = [{"id": getattr(py7zr, f"FILTER_{coder}")}]
    filters = [*first, {"id": py7zr.FILTER_LZMA2, "preset": 1}] if coder == "DELTA" else first
    path.write_bytes(sevened({"a.txt": b"x" * 3000, "b.txt": EICAR}, filters=filters))
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=clamd)
    assert seen.verdict == Verdict.REJECT
    assert {finding.rule for finding in seen.findings} & {"antivirus.virus", "archive.method", "archive.damaged"}


def test_clamd_that_comes_back_after_a_fall_lets_the_file_pass(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.txt": b"text"})
    server = clamd_server.start(tmp_path / "c", database=tmp_path)
    server.process.kill()
    server.process.wait()
    fallen = runner.inspect(path, slot="data_example", name=path.name, antivirus=server.address)
    assert (fallen.verdict, fallen.retry) == (Verdict.ERROR, True)
    again = clamd_server.start(tmp_path / "c", database=tmp_path)
    try:
        assert runner.inspect(path, slot="data_example", name=path.name, antivirus=again.address).verdict == Verdict.PASS
    finally:
        again.stop()


def test_a_file_that_swells_past_the_memory_of_a_check_is_not_checked_and_says_so(tmp_path: Path) -> None:
    """Some kilobytes that unpack to 480 MB in one go: one record batch, which Arrow cannot read in parts."""
    path = tmp_path / "нули.feather"
    feather.write_feather(pa.table({"x": np.zeros(60_000_000)}), str(path), compression="zstd", chunksize=60_000_000)
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=None)
    assert [(finding.rule, finding.params) for finding in seen.findings] == [("jail.memory", {"megabytes": 256})]
    assert (seen.state, seen.verdict) == ("inconclusive", Verdict.WARN)


@pytest.mark.parametrize(("mode", "side"), [("L", 14_000), ("RGB", 8_000)])
def test_a_large_picture_is_checked_within_the_memory_of_a_check(tmp_path: Path, mode: str, side: int) -> None:
    path = tmp_path / "снимок.png"
    Image.new(mode, (side, side)).save(path, compress_level=1)
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=None)
    assert (seen.verdict, seen.preview["width"]) == (Verdict.PASS, side)


def test_a_full_disk_is_trouble_of_ours_and_tried_again(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.txt": b"text" * 1_000_000})
    with small_disk(tmp_path / "small", "size=1m") as small:
        seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=None, scratch=small.folder)
    assert (seen.verdict, seen.state, seen.retry) == (Verdict.ERROR, "failed", True)
    assert "No space left" in seen.why


def test_members_are_previewed_without_unpacking_anything(clamd: str, tmp_path: Path) -> None:
    members = {
        "данные/пример.csv": "имя;возраст\nАнна;30\nБорис;41\n".encode(),
        "описание.txt": "Прогноз спроса\n".encode() * 2000,
    }
    path = archive(tmp_path / "a.zip", members)
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=clamd)
    shown = {row["name"]: row["preview"] for row in seen.preview["members"]}
    assert shown["описание.txt"]["kind"] == "text"
    assert len(shown["описание.txt"]["text"]) == 4000
    assert shown["данные/пример.csv"]["kind"] == "table"
