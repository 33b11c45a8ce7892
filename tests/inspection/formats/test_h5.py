"""HDF5: links are looked at and not followed, and every stored value is read (A10)."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.corpus import hdfs
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in hdfs.CASES if not {"format.mismatch", "format.empty"} & set(case.rules)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == set(case.rules), seen.report.findings


def test_packed_data_goes_to_the_antivirus_unpacked(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("вложение", data=np.frombuffer(b"marker" * 1000, dtype="u1"), compression="gzip")

    seen = examine_bytes(tmp_path, "a.h5", hdfs.made(fill), slot="model_archive")
    assert seen.fed["вложение"] == b"marker" * 1000


def test_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret" * 50)

    def fill(file: h5py.File) -> None:
        file.create_dataset("веса", shape=(100,), dtype="u1", external=[(str(secret), 0, 100)])

    seen = examine_bytes(tmp_path, "a.h5", hdfs.made(fill), slot="model_archive")
    assert seen.rules == {"h5.external"}
    assert not any(b"secret" in data for data in seen.fed.values())


def test_the_moderator_sees_the_tree(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.h5", hdfs.keras(hdfs.layer("Dense", units=3)), slot="model_archive")
    shown = {row["name"]: row for row in seen.report.preview["entries"]}
    assert shown["/model_weights/dense/kernel"]["shape"] == "200×200"
    assert (seen.report.facts["framework"], seen.report.facts["layers"]) == ("keras", 2)


@pytest.mark.parametrize("cut", [1, 500, 10_000, 100_000])
def test_every_cut_is_refused(cut: int, tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "a.h5", hdfs.made(hdfs._filters)[:-cut], slot="model_archive")
    assert seen.rules == {"format.truncated"}
