"""Builds through the operator's proxy: off unless the policy names one; on, it is the only place a build can reach (M6)."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import policy, relay, witness
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.client import Infrastructure
from backoffice.inspection.sandbox.transcript import Tried
from tests.inspection.sandbox.archives import zipped
from tests.inspection.sandbox.demos import host_addresses
from tests.real.engine import RealEngine
from tests.real.serving import answering

WHEELS = Path("/usr/share/python-wheels")  # Debian's, for its own virtual environments
TERMS = policy.terms(start_seconds=60, page_seconds=0, stop_seconds=2)
TINY = {
    "tiny.py": "WORDS = 'came through the proxy'\n",
    "tiny-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n",
    "tiny-1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.dist-info/RECORD": "",
}
DOCKERFILE = """FROM mlplace/python:3.11
COPY pip.whl app.py reach.py /
RUN python3 /reach.py > /reached
RUN python3 /pip.whl/pip install -q --retries 0 --index-url {index} --target /srv tiny
EXPOSE 8000
USER app
CMD ["python3", "-u", "/app.py"]
"""
APP = """
import http.server, sys
sys.path.insert(0, "/srv")
import tiny
print(tiny.WORDS, open("/reached").read(), flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
REACH = """
import ctypes, os, socket, urllib.request
libc = ctypes.CDLL(None, use_errno=True)
def io_uring():
    if libc.syscall(425, 1, ctypes.create_string_buffer(256)) < 0:
        raise OSError(ctypes.get_errno(), "")
def attempt(name, act):
    try:
        print(name, "REACHED", act())
    except OSError as error:
        print(name, "refused", getattr(error, "code", error.errno))
def tcp(host, port):
    return lambda: socket.create_connection((host, port), timeout=1)
attempt("index", tcp("127.0.0.1", PORT))
for host in HOSTS:
    attempt("host", tcp(host, PORT))
attempt("outward", tcp("8.8.8.8", 53))
attempt("metadata", tcp("169.254.169.254", 80))
attempt("engine", lambda: socket.socket(socket.AF_UNIX).connect(ENGINE))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("io_uring", io_uring)
attempt("a name", lambda: socket.getaddrinfo("pypi.org", 443))
if "http_proxy" in os.environ:
    attempt("metadata by proxy", lambda: urllib.request.urlopen("http://169.254.169.254/latest/meta-data/"))
"""


@dataclass(frozen=True, slots=True)
class Index:
    """A package index on this machine's loopback. ``asked`` are the paths it was asked for."""

    port: int
    asked: list[str]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """With one wheel."""
    folder = tmp_path / "index" / "simple" / "tiny"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "tiny-1-py3-none-any.whl", "w") as out:
        for name, text in TINY.items():
            out.writestr(name, text)
    (folder / "index.html").write_text('<a href="tiny-1-py3-none-any.whl">tiny</a>')
    asked: list[str] = []

    class Pages(SimpleHTTPRequestHandler):
        def log_request(self, code: object = "-", size: object = "-") -> None:
            asked.append(self.path)

    with answering(partial(Pages, directory=str(tmp_path / "index"))) as port:
        yield Index(port, asked)


def built(engine: RealEngine, index: Index, tmp_path: Path, *, proxy: str) -> Tried:
    """Try a demo that takes a package from the index."""
    wheel = next(WHEELS.glob("pip-*.whl"))
    head = f"PORT, HOSTS, ENGINE = {index.port}, {host_addresses()!r}, {engine.address[7:]!r}\n"
    text = DOCKERFILE.format(index=f"http://127.0.0.1:{index.port}/simple")
    members = {"Dockerfile": text, "app.py": APP, "reach.py": head + REACH, "pip.whl": wheel.read_bytes()}
    terms = replace(TERMS, build_proxy=proxy)
    answer = try_install(zipped(tmp_path / "demo.zip", members), name="demo.zip", engine=engine.address, terms=terms)
    assert engine.left() == {}
    return answer


@pytest.mark.engine
@pytest.mark.jail
def test_a_build_installs_through_the_proxy_and_reaches_nothing_else(
    engine: RealEngine, index: Index, proxy: str, tmp_path: Path
) -> None:
    answer = built(engine, index, tmp_path, proxy=proxy)
    assert answer.outcome == "passed", (answer.why, answer.findings, answer.transcript)
    assert "/simple/tiny/tiny-1-py3-none-any.whl" in index.asked
    log = answer.transcript["logs"]["app"]
    assert "came through the proxy" in log
    assert "REACHED" not in log
    assert "io_uring refused 1" in log  # our own list of system calls holds in builds too
    assert "metadata by proxy refused 403" in log  # by the proxy's own list
    building = answer.transcript["building"]
    assert set(building["proxied"]) == {f"127.0.0.1:{index.port}", "169.254.169.254"}
    assert building["lookups"] == {"pypi.org": 1}
    assert building["attempts"] >= 1 + 2
    assert {"build.proxied", "build.called"} <= {finding.rule for finding in answer.findings}
    assert answer.transcript["network_attempts"] == 0  # the demo itself asked for nothing


@pytest.mark.engine
@pytest.mark.jail
def test_without_a_proxy_the_same_build_fails_with_words(engine: RealEngine, index: Index, tmp_path: Path) -> None:
    answer = built(engine, index, tmp_path, proxy="")
    assert (answer.outcome, index.asked) == ("author_fault", [])
    found = {finding.rule: finding for finding in answer.findings}
    assert found["build.network"].place == "4"
    assert answer.transcript["building"]["proxied"] == {}
    assert "pypi.org" in policy.words(found["build.called"])


@pytest.mark.engine
@pytest.mark.jail
def test_a_proxy_that_is_away_is_ours(engine: RealEngine, tmp_path: Path) -> None:
    fetch = "RUN python3 -c 'import urllib.request as u; u.urlopen(\"http://example.org\")'\n"
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": f"FROM mlplace/python:3.11\n{fetch}USER app\n"})
    terms = replace(TERMS, build_proxy="http://127.0.0.1:1")
    answer = try_install(archive, name="demo.zip", engine=engine.address, terms=terms)
    assert (answer.outcome, answer.reason, answer.detail) == ("infrastructure", "proxy_failed", "http://127.0.0.1:1")
    assert engine.left() == {}


@pytest.mark.parametrize("address", ["127.0.0.1:3128", "http://proxy", "http://proxy:x", "socks5://proxy:1080"])
def test_a_misnamed_proxy_is_ours(address: str) -> None:
    with pytest.raises(Infrastructure, match="build_proxy"), witness.relaying(os.getpid(), address, seconds=1):
        pass


@pytest.mark.parametrize(
    "line, place",
    [
        (b"CONNECT PyPI.org:443 HTTP/1.1\r\n", "pypi.org:443"),
        (b"GET http://127.0.0.1:8080/simple/ HTTP/1.1\r\n", "127.0.0.1:8080"),
        (b"GET / HTTP/1.1\r\n", "?"),
        (b"\x16\x03\x01\x02\n", "?"),
        (b"GET http://\x1b[31m/ HTTP/1.1\r\n", "?"),
    ],
)
def test_where_a_request_goes_is_read_from_its_first_line(line: bytes, place: str) -> None:
    assert relay.target(line) == place
