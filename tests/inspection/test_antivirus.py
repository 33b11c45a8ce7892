"""clamd through our adapter: what it finds, and that nothing it did not look at counts as scanned (M4)."""

from __future__ import annotations

import base64
import io
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from backoffice.inspection import antivirus, clamd_server
from backoffice.inspection.antivirus import Unscanned

pytestmark = pytest.mark.clamd

# The EICAR test string, kept apart from itself so that no scanner takes this file for it.
EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9" + "JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")


def zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        row = tarfile.TarInfo(name)
        row.size = len(data)
        archive.addfile(row, io.BytesIO(data))
    return packed.getvalue()


INFECTED = {
    "bare": EICAR,
    "in a zip": zipped("weights.bin", EICAR),
    "in a tar.gz in a zip": zipped("inner.tar.gz", tarred("a.bin", EICAR)),
    "three archives deep": zipped("c.zip", zipped("b.zip", zipped("a.txt", EICAR))),
}


@pytest.mark.parametrize("where", INFECTED)
def test_a_virus_is_found_by_descriptor_and_by_stream(clamd: str, tmp_path: Path, where: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(INFECTED[where])
    by_descriptor = antivirus.scan(path, address=clamd)
    stream = antivirus.Stream(clamd)
    stream.write(INFECTED[where])
    by_stream = stream.answer()
    stream.close()
    assert by_descriptor.rule == by_stream.rule == "antivirus.virus"
    assert "Eicar" in by_descriptor.name


def test_a_clean_file_is_clean_and_an_empty_stream_is_no_trouble(clamd: str, tmp_path: Path) -> None:
    path = tmp_path / "чистый.csv"
    path.write_text("имя,возраст\nАнна,30\n")
    assert antivirus.scan(path, address=clamd) == antivirus.Answer()
    stream = antivirus.Stream(clamd)
    assert stream.answer().rule == ""
    stream.close()


def test_eight_threads_never_get_each_others_answers(clamd: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b"harmless " * 5000)
    bad.write_bytes(EICAR)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: (n % 2, antivirus.scan((good, bad)[n % 2], address=clamd).rule), range(160)))
    assert all((rule == "antivirus.virus") == bool(infected) for infected, rule in answers)


def test_an_encrypted_document_is_no_virus_but_its_own_rule() -> None:
    assert antivirus.rule_of("Heuristics.Encrypted.Zip") == "antivirus.encrypted"
    assert antivirus.rule_of("Heuristics.Limits.Exceeded.MaxFileSize") == "antivirus.limits"
    assert antivirus.rule_of("Heuristics.OLE2.ContainsMacros.VBA") == "antivirus.macros"
    assert antivirus.rule_of("Heuristics.Broken.Media.JPEG") == "antivirus.suspicious"
    assert antivirus.rule_of("Win.Trojan.Agent-1.UNOFFICIAL") == "antivirus.virus"


def test_nobody_there_is_not_scanned_and_worth_a_retry(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    for address in (f"unix:{tmp_path / 'nobody.sock'}", "tcp://127.0.0.1:1"):
        with pytest.raises(Unscanned) as refused:
            antivirus.scan(path, address=address)
        assert refused.value.retry


@contextmanager
def fake_clamd(folder: Path, act: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something on a socket that does not behave."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "fake.sock"))
    server.listen()

    def serve() -> None:
        client, _ = server.accept()
        with client:
            client.recv(4096)
            act(client)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"unix:{folder / 'fake.sock'}"
    thread.join()
    server.close()


@pytest.mark.parametrize(
    "reply",
    [b"", b"fd[10]: O", b"fd[10]: OK", b"fd[10]: lstat() failed ERROR\0", b"COMMAND READ TIMED OUT\0", b"x: OK extra\0", b"\0"],
)
def test_only_the_exact_reply_counts_as_scanned(tmp_path: Path, reply: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with fake_clamd(tmp_path, lambda client: client.sendall(reply)) as address, pytest.raises(Unscanned):
        antivirus.scan(path, address=address, timeout=60)


def test_a_daemon_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    silent = threading.Event()
    with fake_clamd(tmp_path, lambda _: silent.wait(10) and None) as address:
        with pytest.raises(Unscanned, match="did not answer"):
            antivirus.scan(path, address=address, timeout=0.2)
        silent.set()


def test_clamd_killed_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    server = clamd_server.start(folder, database=tmp_path)
    try:
        stream = antivirus.Stream(server.address)
        stream.write(b"a" * 5_000_000)
        server.process.kill()
        server.process.wait()
        with pytest.raises(Unscanned) as refused:
            stream.answer()
        assert refused.value.retry
        stream.close()
    finally:
        server.stop()


def test_over_tcp_addresses_are_read_both_ways() -> None:
    assert antivirus.host_and_port("tcp://clamd:3310") == ("clamd", 3310)
    assert antivirus.host_and_port("tcp:[::1]:3310") == ("::1", 3310)


def test_bundled_signatures_alone_are_said_to_be_no_protection(clamd: str) -> None:
    version, built_at, bundled_only = antivirus.protection(clamd)
    assert version
    assert built_at is None
    assert bundled_only


def test_the_version_of_a_full_database_is_understood() -> None:
    engine = antivirus._engine("ClamAV 1.4.6/27500/Mon Dec  1 09:31:02 2025")
    assert (engine.version, engine.database, engine.bundled_only) == ("1.4.6", 27500, False)
    assert engine.built_at is not None
    assert engine.built_at.isoformat() == "2025-12-01T09:31:02+00:00"
