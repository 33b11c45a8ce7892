"""Two versions of an archive are told apart by what their members hold, not by how long they are."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import pytest

from backoffice.inspection import runner


@pytest.mark.jail
def test_every_member_has_its_checksum_in_the_preview(tmp_path: Path) -> None:
    path = tmp_path / "модель.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("данные/а.csv", "a,b\n1,2\n")
        archive.writestr("данные/б.csv", "a,b\n3,4\n")
    seen = runner.inspect(path, slot="model_archive", name=path.name, antivirus=None)
    rows = {row["name"]: row.get("crc") for row in seen.preview["entries"]}
    assert rows == {
        "данные/а.csv": f"{zlib.crc32(b'a,b' + bytes([10]) + b'1,2' + bytes([10])):08x}",
        "данные/б.csv": f"{zlib.crc32(b'a,b' + bytes([10]) + b'3,4' + bytes([10])):08x}",
    }
