"""Demos tried on a real engine, after each of which the engine and the machine are as they were."""

from __future__ import annotations

import subprocess
from pathlib import Path

from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.transcript import Tried
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine

MEMORY = 96 << 20
TERMS = policy.terms(
    start_seconds=3, page_seconds=0, stop_seconds=1, build_seconds=4, memory=MEMORY, build_memory=MEMORY, pids=48, volume_bytes=8 << 20,
    tmp_bytes=8 << 20, log_bytes=1 << 20, ports=4,
)  # fmt: skip
PATIENT = policy.terms(
    **{**TERMS.limits, "start_seconds": 60, "build_seconds": 120}
)  # where something must come, however busy the machine is
SERVE = """
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)
def serve(port=8000, host="0.0.0.0"):
    http.server.ThreadingHTTPServer((host, port), Page).serve_forever()
STATUS = 200
BODY = b"<title>ok</title>ok"
"""


def tried(engine: RealEngine, tmp_path: Path, code: str, *, dockerfile: str = "", terms: policy.Terms = TERMS) -> Tried:
    """Try a demo of one Python file; whatever it did, the engine and the machine are as they were."""
    text = (
        dockerfile or 'FROM mlplace/python:3.11\nCOPY app.py /app.py\nEXPOSE 8000\nUSER app\nCMD ["python3", "-u", "/app.py"]\n'
    )
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": text, "app.py": SERVE + code})
    before = engine.traces()
    answer = try_install(archive, name="demo.zip", engine=engine.address, terms=terms)
    assert engine.left() == {}
    assert engine.traces() == before, (before, engine.traces())
    return answer


def rules(answer: Tried) -> list[str]:
    return [finding.rule for finding in answer.findings]


def host_addresses() -> list[str]:
    """The host's own IPv4 addresses besides loopback."""
    rows = subprocess.run(["ip", "-4", "-o", "address"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [row.split()[3].partition("/")[0] for row in rows]
    return [address for address in found if not address.startswith("127.")]
