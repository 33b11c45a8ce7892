"""Signatures come by a real freshclam from a mirror on the loopback, and what was passed under the old ones is looked at again (M4)."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backoffice.clock import utcnow
from backoffice.inspection import antivirus
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.usecases import freshen
from backoffice.usecases.record_check import current_checks
from config.settings import ROOT
from tests.real.deployment import Deployment
from tests.real.serving import answering
from tests.real.waiting import until
from tests.tasks.test_processes import FILES
from tests.usecases.market import Market

pytestmark = [pytest.mark.redis, pytest.mark.clamd, pytest.mark.jail]
THREAT = "длина"  # a word of the data example: what is harmless today may be known tomorrow


def publish(folder: Path, version: int, *words: str) -> None:
    """ClamAV's container of a database, unsigned (.cud): as the real daily one, it has a version and a date."""
    signatures = "".join(f"Test.{n}:0:*:{word.encode().hex()}\n" for n, word in enumerate(("nothing-like-this", *words))).encode()
    header = f"ClamAV-VDB:26 Nov 2025 07-00 +0000:{version}:{1 + len(words)}:90:X:X:test:1764140400"
    told = f"{header}\ndaily.ndb:{len(signatures)}:{hashlib.sha256(signatures).hexdigest()}\n".encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in (("COPYING", b"\n"), ("daily.info", told), ("daily.ndb", signatures)):
            row = tarfile.TarInfo(name)
            row.size = len(data)
            archive.addfile(row, io.BytesIO(data))
    fresh = folder / "daily.new"
    fresh.write_bytes(header.encode().ljust(512) + packed.getvalue())
    later = utcnow().timestamp() + version
    os.utime(fresh, (later, later))  # freshclam asks for what is newer than what it fetched
    fresh.rename(folder / "daily.cud")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that a web server on the loopback shows, and its address."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with answering(functools.partial(_Quiet, directory=str(folder))) as port:
        yield folder, f"http://127.0.0.1:{port}"


@pytest.fixture
def scanner(mirror: tuple[Path, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``scripts.antivirus`` as `make run` starts it, with signatures of the mirror; and clamd's address."""
    publish(mirror[0], 27500)
    with tempfile.TemporaryDirectory(prefix="mlp-clamd-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.antivirus", name],
            cwd=ROOT,
            env=os.environ | {"MLPLACE_SIGNATURE_URLS": f"{mirror[1]}/daily.cud"},
        )
        yield process, f"unix:{name}/clamd.sock"
        process.terminate()
        process.wait(30)


def knows(address: str, version: int) -> bool:
    try:
        return antivirus.engine(address).database == version
    except antivirus.Unscanned:
        return False


def test_what_passed_under_old_signatures_is_found_under_new_ones(
    market: Market, deployment: Deployment, mirror: tuple[Path, str], scanner: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, address = scanner
    until(lambda: knows(address, 27500), about="freshclam brings the first database and clamd loads it")
    assert antivirus.engine(address).built_at is not None
    submission = market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    deployment.start("scans", MLPLACE_CLAMD=address)
    until(lambda: Submission.get_by_id(submission.id).state == "awaiting_review", about="all checks are in")
    assert {check.slot: check.verdict for check in current_checks(submission)}["data_example"] == "pass"

    publish(mirror[0], 27501, THREAT)
    process.send_signal(signal.SIGHUP)
    until(lambda: knows(address, 27501), about="the newer database is fetched and loaded")
    renewed = freshen.renew(
        scan_version=deployment.wiring.scan_version,
        try_install_version=deployment.wiring.try_install_version,
        signatures=str(antivirus.engine(address)),
        rescan_after=timedelta(0),
        now=utcnow(),
    )
    assert renewed == 4
    until(lambda: Submission.get_by_id(submission.id).state == "awaiting_review", about="all checks are in again")
    found = {check.slot: check for check in current_checks(submission)}["data_example"]
    assert (found.verdict, [row.rule for row in found.findings]) == ("reject", ["antivirus.virus"])
    assert next(tool["version"] for tool in Check.get_by_id(found.id).tools if tool["name"] == "clamd").endswith("/27501")
