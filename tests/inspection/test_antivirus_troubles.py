"""clamd in every kind of trouble: the answer is "not scanned, try again", or the right one. Never OK for a file that is not (M4)."""

from __future__ import annotations

import random
import signal
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection import antivirus, clamd_server, runner
from backoffice.inspection.antivirus import Unscanned
from tests.inspection.test_antivirus import EICAR
from tests.real.disk import small_disk
from tests.real.waiting import until

pytestmark = [pytest.mark.clamd, pytest.mark.jail]


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch | None = None, **instead: str) -> Iterator[clamd_server.Server]:
    """A clamd of our own, with some lines of its configuration changed."""
    if monkeypatch is not None:
        lines = clamd_server.TEMPLATE.read_text().splitlines()
        kept = [line for line in lines if line.split(" ")[0] not in instead]
        changed = folder / "template.conf"
        changed.write_text("\n".join([*kept, *(f"{name} {value}" for name, value in instead.items()), ""]))
        monkeypatch.setattr(clamd_server, "TEMPLATE", changed)
    server = clamd_server.start(folder / "clamd", database=folder / "none")
    try:
        yield server
    finally:
        server.process.send_signal(signal.SIGCONT)
        server.stop()


def ask(server: clamd_server.Server, command: bytes) -> str:
    client = antivirus._Client(server.address, 10)
    try:
        client.open(command)
        return client.reply()
    finally:
        client.close()


def infected(path: Path, *, megabytes: int) -> Path:
    """A stored zip: noise, and a virus behind it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.bin", random.Random(3).randbytes(megabytes << 20))
        archive.writestr("z.txt", EICAR)
    return path


def outcome(path: Path, server: clamd_server.Server, timeout: float = 120) -> str:
    """The rule that clamd's answer falls under, or "later"."""
    try:
        return antivirus.scan(path, address=server.address, timeout=timeout).rule
    except Unscanned as trouble:
        return "later" if trouble.retry else "never"


def test_killed_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    path = infected(tmp_path / "a.zip", megabytes=150)
    with serving(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        inspected = pool.submit(runner.inspect, path, slot="data_example", name="a.zip", antivirus=server.address)
        until(lambda: "FILDES" in ask(server, b"STATS"), about="clamd reads the file")
        server.process.kill()
        server.process.wait()
        seen = inspected.result()
    assert (seen.verdict, seen.state, seen.retry) == (Verdict.ERROR, "failed", True)


def test_reloading_all_the_time(tmp_path: Path) -> None:
    path, over = infected(tmp_path / "a.zip", megabytes=1), threading.Event()

    def reload() -> None:
        while not over.is_set():
            ask(server, b"RELOAD")

    with serving(tmp_path) as server, ThreadPoolExecutor(5) as pool:
        reloading = pool.submit(reload)
        answers = set(pool.map(lambda _: outcome(path, server), range(60)))
        over.set()
        reloading.result()
    assert answers == {"antivirus.virus"}


def test_busy_with_a_full_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = infected(tmp_path / "a.zip", megabytes=8)
    with serving(tmp_path, monkeypatch, MaxThreads="1", MaxQueue="2", MaxConnectionQueueLength="1") as server:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: outcome(path, server), range(48)))
        assert set(answers) <= {"antivirus.virus", "later"}
        assert "antivirus.virus" in answers
        assert outcome(path, server) == "antivirus.virus"


def test_alive_and_silent(tmp_path: Path) -> None:
    path = infected(tmp_path / "a.zip", megabytes=1)
    with serving(tmp_path) as server:
        server.process.send_signal(signal.SIGSTOP)
        assert outcome(path, server, timeout=0.3) == "later"
        server.process.send_signal(signal.SIGCONT)
        assert outcome(path, server) == "antivirus.virus"


@pytest.mark.parametrize("transport", ["descriptor", "stream"])
def test_out_of_temporary_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    path, small = infected(tmp_path / "a.zip", megabytes=8), tmp_path / "small"
    with small_disk(small, "size=1m,mode=1777"), serving(tmp_path, monkeypatch, TemporaryDirectory=str(small)) as server:
        if transport == "descriptor":
            assert outcome(path, server) in ("antivirus.virus", "later")
        else:
            with pytest.raises(Unscanned) as refused, path.open("rb") as file:
                antivirus._streamed(file, address=server.address, timeout=60)
            assert refused.value.retry


def test_a_limit_of_its_own_is_inconclusive_and_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = infected(tmp_path / "a.zip", megabytes=8)
    with serving(tmp_path, monkeypatch, MaxFileSize="1M", MaxScanSize="4M") as server:
        seen = runner.inspect(path, slot="data_example", name="a.zip", antivirus=server.address)
    assert "antivirus.limits" in {finding.rule for finding in seen.findings}, seen
    assert seen.state == "inconclusive"
