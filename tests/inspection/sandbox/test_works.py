"""Demos that work, on a real engine: installed, answered, seen, stopped, and nothing left behind (A10, M6)."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import PICTURE, try_install
from backoffice.inspection.sandbox.transcript import Tried
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine

pytestmark = [pytest.mark.engine, pytest.mark.jail]

PAGE = """
import http.server, os, pathlib, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "".join(path.read_text() for path in sorted(pathlib.Path("/data").glob("*.csv"))) if os.path.isdir("/data") else ""
        body = ("<html lang=ru><title>Демо модели</title><h1>Привет</h1><pre>" + text + "</pre>").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
print("serving", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Page).serve_forever()
"""
DOCKERFILE = """
FROM mlplace/python:3.11
COPY app.py /app.py
RUN python3 -m py_compile /app.py
VOLUME /data
EXPOSE 8000
USER app
CMD ["python3", "/app.py"]
"""
TERMS = policy.terms(start_seconds=60, page_seconds=40, stop_seconds=5)


def test_a_dockerfile_with_the_authors_data(engine: RealEngine, tmp_path: Path) -> None:
    data = tmp_path / "0f3a"
    data.write_text("city,price\nМосква,100\n")
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": DOCKERFILE, "app.py": PAGE})
    steps: list[str] = []
    tried = try_install(
        archive, name="demo.zip", data=data, data_name="sample.csv", engine=engine.address, terms=TERMS, progress=steps.append
    )
    assert (tried.outcome, tried.verdict, tried.findings) == ("passed", Verdict.PASS, []), tried.why
    assert steps == ["read", "built", "started", "answered", "page", "stopped"]
    seen = tried.transcript
    assert [(step["name"], step["ok"]) for step in seen["steps"]] == [
        (name, True) for name in ("read", "linted", "built", "started", "answered", "page", "stopped")
    ]
    assert [(row["port"], row["status"], row["title"]) for row in seen["http"]] == [(8000, 200, "Демо модели")]
    assert "Москва,100" in seen["http"][0]["text"]
    assert seen["ports"] == [{"port": 8000, "loopback": False, "declared": True}]
    assert seen["image"]["digest"].startswith("sha256:")
    assert seen["image"]["size"] > 10 << 20
    assert seen["services"][0]["memory_peak"] > 1 << 20
    assert "serving" in seen["logs"]["app"]
    assert seen["network_attempts"] == 0
    width, height = picture_of(tried)
    assert (width, height) == (1280, 900)
    assert engine.left() == {}


def picture_of(tried: Tried) -> tuple[int, int]:
    png = {name: data for name, _, data in tried.files}[PICTURE]
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_compose_of_two_services_that_know_each_other_by_name(engine: RealEngine, tmp_path: Path) -> None:
    front = """
import http.server, urllib.request
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<title>front</title>" + urllib.request.urlopen("http://model:9000/").read()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Page).serve_forever()
"""
    compose = """
services:
  web: {build: ./web, ports: ["80:8080"], depends_on: [model], volumes: ["./data:/data"]}
  model:
    image: mlplace/python:3.11
    command: python3 /code/app.py 9000
    volumes: ["./code:/code"]
"""
    web = 'FROM mlplace/python:3.11\nCOPY . /\nUSER app\nCMD ["python3", "/front.py"]\n'
    archive = zipped(
        tmp_path / "demo.zip", {"compose.yaml": compose, "web/Dockerfile": web, "web/front.py": front, "code/app.py": PAGE}
    )
    tried = try_install(archive, name="demo.zip", engine=engine.address, terms=TERMS)
    assert tried.outcome == "passed", (tried.why, tried.transcript["logs"], tried.findings)
    page = next(row for row in tried.transcript["http"] if row["port"] == 8080)
    assert (page["title"], "Привет" in page["text"]) == ("front", True)
    assert {row["name"] for row in tried.transcript["services"]} == {"web", "model"}
    assert engine.left() == {}
