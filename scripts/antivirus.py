"""A private clamd with the newest signatures that can be had: those of freshclam where a network answers, always together with the bundled ones.

``python -m scripts.antivirus FOLDER`` runs until SIGTERM. Signatures are fetched beside the running clamd, which is started anew when they came.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
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


def fetch(folder: Path, over: threading.Event) -> bool:
    """Whether freshclam brought something new into ``folder``. No network, no freshclam: False, at once."""
    binary = shutil.which("freshclam") or shutil.which("freshclam", path="/usr/bin:/usr/sbin")
    if binary is None or not _reachable():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "freshclam.conf"
    config.write_text(CONFIG.format(folder=folder, user=folder.owner()))
    before = _stamp(folder)
    process = subprocess.Popen(
        [binary, f"--config-file={config}", "--quiet"],
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
    return sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.c[lv]d"))


def serve(folder: Path) -> int:
    """Until we are asked to stop; 1 when clamd falls."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    signatures = folder / "signatures"
    server = clamd_server.start(folder, database=_database(signatures))
    try:
        while not over.is_set():
            if fetch(signatures, over):
                server.stop()
                server = clamd_server.start(folder, database=_database(signatures))
            code = _wait(server, over)
            if code is not None:
                return code
    finally:
        server.stop()
    return 0


def _wait(server: clamd_server.Server, over: threading.Event) -> int | None:
    """0 when asked to stop, 1 when clamd fell, None when it is time to fetch again."""
    for _ in range(int(EVERY * 2)):
        if over.wait(0.5):
            return 0
        if server.process.poll() is not None:
            return 1
    return None


def _database(signatures: Path) -> Path | None:
    """Our own folder of signatures once it has some; otherwise the machine's."""
    return signatures if _stamp(signatures) else None


if __name__ == "__main__":
    try:
        sys.exit(serve(Path(sys.argv[1])))
    except clamd_server.NoClamd as problem:
        sys.exit(str(problem))
