"""Two versions of an archive are told apart by what their members hold, not by how long they are."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from backoffice.inspection import runner
from tests.corpus.pack import zipped

pytestmark = pytest.mark.jail


def test_every_member_has_its_checksum_in_the_preview(tmp_path: Path) -> None:
    path = tmp_path / "модель.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("данные/а.csv", "a,b\n1,2\n")
        archive.writestr("данные/б.csv", "a,b\n3,4\n")
    seen = runner.inspect(path, slot="model_archive", name=path.name, antivirus=None)
    rows = {row["name"]: row.get("sha256") for row in seen.preview["entries"]}
    texts = {"данные/а.csv": b"a,b\n1,2\n", "данные/б.csv": b"a,b\n3,4\n"}
    assert rows == {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def test_thousands_of_members_stand_in_the_tree_with_their_sums(tmp_path: Path) -> None:
    names = [f"данные/часть-{number % 100:03d}/измерение-{number:05d}.txt" for number in range(5_000)]
    (tmp_path / "a.zip").write_bytes(zipped(dict.fromkeys(names, b"x")))
    entries = runner.inspect(tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None).preview["entries"]
    assert [entry["name"] for entry in entries] == names
    assert all(entry["sha256"] for entry in entries)
