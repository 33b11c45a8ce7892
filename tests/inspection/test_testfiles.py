"""The 44 harmless files of Debian's clamav-testfiles: a self-test of clamd's unpackers, and files that nobody here made."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection import antivirus, clamd_server, runner

FOLDER = Path("/usr/share/clamav-testfiles")
pytestmark = [pytest.mark.clamd, pytest.mark.jail]
# Our formats among them: the slot, and what they are.
OURS = {
    "clam.zip": ("data_example", "zip"),
    "clam.7z": ("data_example", "7z"),
    "clam.tar.gz": ("data_example", "tar.gz"),
    "clam.bz2.zip": ("data_example", "zip"),
    "clam.d64.zip": ("data_example", "zip"),
    "clam.impl.zip": ("data_example", "zip"),
    "clam.pdf": ("instruction", "pdf"),
    "clam.ole.doc": ("instruction", "doc"),
}


@pytest.fixture(scope="module")
def scanner() -> Iterator[str]:
    """A clamd that knows the payload of the test files by its hash."""
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "known").mkdir()
        payload = (FOLDER / "clam.exe").read_bytes()
        digest = hashlib.md5(payload, usedforsecurity=False).hexdigest()
        (folder / "known" / "clam.hdb").write_text(f"{digest}:{len(payload)}:ClamAV-Test-File\n")
        server = clamd_server.start(folder / "clamd", database=folder / "known")
        yield server.address
        server.stop()


def test_clamd_unpacks_every_one_of_them(scanner: str) -> None:
    files = sorted(path for path in FOLDER.iterdir() if path.is_file())
    assert len(files) >= 44
    assert [path.name for path in files if antivirus.scan(path, address=scanner).rule != "antivirus.virus"] == []


@pytest.mark.parametrize("name", OURS)
def test_those_in_our_formats_are_rejected_with_the_virus_named(scanner: str, name: str) -> None:
    slot, detected = OURS[name]
    seen = runner.inspect(FOLDER / name, slot=slot, name=name, antivirus=scanner)
    assert (seen.verdict, seen.detected) == (Verdict.REJECT, detected)
    assert "antivirus.virus" in {finding.rule for finding in seen.findings}
