"""A private clamd with the newest signatures that can be had: those of freshclam where a network answers, always together with the bundled ones.

``python -m scripts.antivirus FOLDER`` runs until SIGTERM. Signatures are fetched beside the running clamd, which is started anew when they came;
SIGHUP fetches now. ``MLPLACE_SIGNATURE_URLS`` names files of signatures of one's own (freshclam's ``DatabaseCustomURL``), blanks between them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from backoffice.inspection import clamd_server
from scripts.children import die_with_parent

MIRROR = ("database.clamav.net", 443)
EVERY = 4 * 3_600.0  # seconds between two fetches
FETCH = 1_800.0  # seconds for one
CONFIG = """DatabaseDirectory {folder}
UpdateLogFile {folder}/freshclam.log
DatabaseMirror database.clamav.net
DatabaseOwner {user}
"""


def fetch(folder: Path, over: threading.Event, *, own: Sequence[str] = ()) -> bool:
    """Whether freshclam brought something new into ``folder``, ``own`` URLs included. No network, no freshclam: False, at once."""
    binary = shutil.which("freshclam") or shutil.which("freshclam", path="/usr/bin:/usr/sbin")
    official = _reachable()
    if binary is None or not (official or own):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "freshclam.conf"
    lines = [CONFIG.format(folder=folder, user=folder.owner()), *(f"DatabaseCustomURL {url}\n" for url in own)]
    config.write_text("".join(lines))
    before = _stamp(folder)
    process = subprocess.Popen(
        [binary, f"--config-file={config}", "--quiet", *([] if official else ["--update-db=custom"])],
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509  (one prctl: takes no lock)
    )
    waited = 0.0
    while process.poll() is None:
        waited += 0.5
        if over.wait(0.5) or waited > FETCH:
            process.kill()
            process.wait()
            return False
    return _stamp(folder) != before


def _reachable() -> bool:
    with suppress(OSError), closing(socket.create_connection(MIRROR, timeout=2)):
        return True
    return False


def _stamp(folder: Path) -> list[tuple[str, int]]:
    return sorted((path.name, path.stat().st_mtime_ns) for pattern in clamd_server.DATABASES for path in folder.glob(pattern))


def serve(folder: Path) -> int:
    """Until we are asked to stop; 1 when clamd falls."""
    over, asked = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    signal.signal(signal.SIGHUP, lambda *_: asked.set())
    signatures, own = folder / "signatures", os.environ.get("MLPLACE_SIGNATURE_URLS", "").split()
    server = clamd_server.start(folder, database=_database(signatures))
    try:
        while not over.is_set():
            if fetch(signatures, over, own=own):
                server.stop()
                server = clamd_server.start(folder, database=_database(signatures))
            code = _wait(server, over, asked)
            if code is not None:
                return code
    finally:
        server.stop()
    return 0


def _wait(server: clamd_server.Server, over: threading.Event, asked: threading.Event) -> int | None:
    """0 when asked to stop, 1 when clamd fell, None when it is time to fetch again."""
    for _ in range(int(EVERY * 2)):
        if over.wait(0.5):
            return 0
        if server.process.poll() is not None:
            return 1
        if asked.is_set():
            break
    asked.clear()
    return None


def _database(signatures: Path) -> Path | None:
    """Our own folder of signatures once it has some; otherwise the machine's."""
    return signatures if _stamp(signatures) else None


if __name__ == "__main__":
    try:
        sys.exit(serve(Path(sys.argv[1])))
    except clamd_server.NoClamd as problem:
        sys.exit(str(problem))
