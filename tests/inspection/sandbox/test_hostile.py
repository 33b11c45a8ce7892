"""Demos that misbehave, on a real engine: each is contained, each ends with an outcome, and nothing is left behind (M6)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import try_install
from tests.inspection.sandbox.archives import zipped
from tests.inspection.sandbox.demos import MEMORY, PATIENT, SERVE, host_addresses, rules, tried
from tests.real.engine import RealEngine

pytestmark = [pytest.mark.engine, pytest.mark.jail]

ACCEPT = "import socket\ns = socket.create_server(('0.0.0.0', 8000))\nwhile True:\n    c, _ = s.accept()\n"
OUTCOMES = {
    "memory hog": ("x = []\nwhile True: x.append(bytes(1 << 20))", "limit", "run.memory"),
    "memory hog in a child": (
        "import subprocess, sys, time\nwhile True: subprocess.run([sys.executable, '-c', 'x = bytearray(1 << 30); print(sum(x[::4096]))'])",
        "limit",
        "run.memory",
    ),
    "fork bomb": (
        "import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.05)",
        "limit",
        "run.processes",
    ),
    "fills /tmp": ("with open('/tmp/x', 'wb') as out:\n    while True: out.write(bytes(1 << 16))", "limit", "run.space"),
    "CPU spinner": ("while True: pass", "limit", "run.silent"),
    "ends at once": ("raise SystemExit(3)", "author_fault", "run.exited"),
    "ends well": ("print('done')", "author_fault", "run.exited"),
    "never answers": ("import socket, time\ns = socket.create_server(('0.0.0.0', 8000))\ntime.sleep(600)", "limit", "run.silent"),
    "garbage": (
        ACCEPT + "    c.sendall(b'\\x00\\xff' * 1000)\n    c.close()",
        "author_fault",
        "run.garbage",
    ),
    "endless answer": (
        ACCEPT + "    try:\n        while True: c.sendall(b'x' * 65536)\n    except OSError: pass",
        "author_fault",
        "run.garbage",
    ),
    "an error page": ("STATUS = 503\nserve()", "author_fault", "run.error_page"),
}


# Seconds until the first answer: a busy machine comes to it only when it gets more of them. Those that end by themselves need no short try.
PATIENCE = {"run.exited": (60,), "run.space": (60,), "run.memory": (8, 60), "run.processes": (8, 60)}


@pytest.mark.parametrize("code, outcome, rule", OUTCOMES.values(), ids=list(OUTCOMES))
def test_what_returns_a_submission(engine: RealEngine, tmp_path: Path, code: str, outcome: str, rule: str) -> None:
    for seconds in PATIENCE.get(rule, (3, 15, 60)):
        terms = policy.terms(**{**PATIENT.limits, "start_seconds": seconds})
        answer = tried(engine, tmp_path, code, terms=terms)
        if rule in rules(answer):
            break
    assert (answer.outcome, rule in rules(answer)) == (outcome, True), (answer.why, answer.findings, answer.transcript)
    for used in answer.transcript["services"]:
        assert used["memory_peak"] <= MEMORY
        assert used["pids_peak"] <= terms.limits["pids"]


def test_many_spinners_get_no_more_than_their_share(engine: RealEngine, tmp_path: Path) -> None:
    """Four processes that compute without end, and a page that answers only after a while: what they used, against the time they had."""
    code = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(5)\nserve()"
    answer = tried(engine, tmp_path, code, terms=policy.terms(**{**PATIENT.limits, "cpus": 0.25}))
    assert answer.outcome == "passed", (answer.why, answer.findings)
    seconds = sum(step["seconds"] for step in answer.transcript["steps"] if step["name"] in ("started", "answered", "stopped"))
    used = answer.transcript["services"][0]["cpu_seconds"]
    assert 0 < used <= 0.25 * seconds * 1.2


LATE_PORTS = """
import socket
kept, answer = [], Page.do_GET
def late(self):
    while len(kept) < 50: kept.append(socket.create_server(("0.0.0.0", 9000 + len(kept))))
    answer(self)
Page.do_GET = late
serve()
"""  # they open only when the first page is asked for
ADVICE = {
    "log flood": (
        "import threading\nthreading.Thread(target=serve, daemon=True).start()\nwhile True: print('x' * 1000)",
        "run.logs",
    ),
    "ignores SIGTERM": ("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nserve()", "run.sigterm"),
    "many ports": (LATE_PORTS, "run.many_ports"),
    "localhost only": ("serve(host='127.0.0.1')", "run.loopback"),
    "another port": ("serve(port=8123)", "run.undeclared"),
    "not found": ("STATUS = 404\nserve()", "run.client_error"),
}


@pytest.mark.parametrize("code, rule", ADVICE.values(), ids=list(ADVICE))
def test_what_is_only_remarked(engine: RealEngine, tmp_path: Path, code: str, rule: str) -> None:
    answer = tried(engine, tmp_path, code, terms=PATIENT)
    assert (answer.outcome, rule in rules(answer)) == ("passed", True), (answer.why, answer.findings, answer.transcript)


REACH = """
import glob, os, socket, sys
def attempt(name, act):
    try:
        print(name, "REACHED", act(), flush=True)
    except OSError as error:
        print(name, "refused", error.errno, flush=True)
def tcp(host, port):
    return lambda: socket.create_connection((host, port), timeout=1)
attempt("outward", tcp("8.8.8.8", 53))
attempt("metadata", tcp("169.254.169.254", 80))
attempt("bridge", tcp("172.17.0.1", 2375))
for number, host in enumerate(HOSTS):
    attempt(f"host{number}", tcp(host, PORT))
attempt("host loopback", tcp("127.0.0.1", PORT))
attempt("a name", lambda: socket.getaddrinfo("files.PyPI.org", 443))
attempt("a name once more", lambda: socket.gethostbyname("files.pypi.org"))
attempt("a strange name", lambda: socket.gethostbyname("a_b-c." + "x" * 60 + ".test"))
attempt("engine socket", lambda: os.stat("/var/run/docker.sock"))
attempt("the engine itself", lambda: socket.socket(socket.AF_UNIX).connect(ENGINE))
attempt("abstract socket", lambda: socket.socket(socket.AF_UNIX).connect("\\0" + ABSTRACT))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("root", lambda: open("/written", "w"))
attempt("device", lambda: open("/dev/kmsg"))
attempt("sysctl", lambda: open("/proc/sys/kernel/core_pattern", "w"))
attempt("disk", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    def act():
        if libc.syscall(number, *arguments) < 0:
            raise OSError(ctypes.get_errno(), "")
    return act
attempt("unshare", call(272, 0x10000000))
attempt("io_uring", call(425, 1, ctypes.create_string_buffer(256)))
attempt("ptrace", call(101, 0, 0, 0, 0))
attempt("keyctl", call(250, 0, -3, 1))
attempt("bpf", call(321, 0, 0, 0))
attempt("mount", call(165, b"none", b"/tmp", b"tmpfs", 0, 0))
attempt("setns", call(308, 0, 0))
status = dict(row.split(":", 1) for row in open("/proc/self/status").read().splitlines())
print("caps", status["CapEff"].strip(), status["CapBnd"].strip(), status["NoNewPrivs"].strip(), status["Seccomp"].strip(), flush=True)
print("interfaces", sorted(os.listdir("/sys/class/net")), flush=True)
print("uid map", open("/proc/self/uid_map").read().split(), flush=True)
serve()
"""


def test_it_reaches_nothing(engine: RealEngine, tmp_path: Path) -> None:
    """As root inside, with services of the host listening on every address, on loopback and on an abstract socket."""
    hosts = host_addresses()
    with socket.create_server(("0.0.0.0", 0)) as listener, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0mlplace-test-{os.getpid()}")
        abstract.listen()
        listener.settimeout(0)
        abstract.settimeout(0)
        port = listener.getsockname()[1]
        head = f"HOSTS, PORT, ABSTRACT = {hosts!r}, {port}, 'mlplace-test-{os.getpid()}'\nENGINE = {engine.address[7:]!r}\n"
        text = 'FROM mlplace/python:3.11\nCOPY app.py /app.py\nEXPOSE 8000\nCMD ["python3", "-u", "/app.py"]\n'
        answer = tried(engine, tmp_path, head + REACH, dockerfile=text, terms=PATIENT)
        for server in (listener, abstract):
            with pytest.raises(BlockingIOError):
                server.accept()
    assert answer.outcome == "passed", (answer.why, answer.transcript["logs"])
    log = answer.transcript["logs"]["app"]
    assert "REACHED" not in log
    assert log.count("refused") == 24 + len(hosts)
    assert "caps 0000000000000000 0000000000000000 1 2" in log
    assert "interfaces ['lo']" in log
    assert "uid map ['0', '100000'" in log or "uid map ['0', '1" in log
    assert "uid map ['0', '0'" not in log
    assert answer.transcript["lookups"] == {"files.pypi.org": 2, f"a_b-c.{'x' * 60}.test": 1}
    assert answer.transcript["network_attempts"] >= 3 + 3
    network = next(finding for finding in answer.findings if finding.rule == "run.network")
    assert "files.pypi.org" in policy.words(network)


def test_a_volume_is_no_way_around_the_read_only_root(engine: RealEngine, tmp_path: Path) -> None:
    code = """
def fill(place):
    try:
        with open(place + "/big", "wb") as out:
            for _ in range(4096): out.write(bytes(1 << 20))
        print(place, "FILLED", flush=True)
    except OSError as error:
        print(place, "full", error.errno, flush=True)
    import os
    if os.path.exists(place + "/big"): os.unlink(place + "/big")
for place in ("/state", "/tmp", "/dev/shm", "/run", "/home"): fill(place)
serve()
"""
    text = (
        'FROM mlplace/python:3.11\nCOPY app.py /app.py\nVOLUME /state\nEXPOSE 8000\nUSER app\nCMD ["python3", "-u", "/app.py"]\n'
    )
    answer = tried(engine, tmp_path, code, dockerfile=text, terms=PATIENT)
    log = answer.transcript["logs"]["app"]
    assert "FILLED" not in log, log
    assert "/state full 28" in log


def test_an_image_from_elsewhere_is_refused(engine: RealEngine, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, "", dockerfile="FROM registry.internal:5000/x/y:1\nUSER app\n")
    assert (answer.outcome, rules(answer)[-1]) == ("author_fault", "image.registry")


def test_a_command_that_is_not_there(engine: RealEngine, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, "", dockerfile='FROM mlplace/python:3.11\nUSER app\nCMD ["/nowhere"]\n', terms=PATIENT)
    assert (answer.outcome, rules(answer)) == ("author_fault", ["run.start"])


@pytest.mark.parametrize("line", ["USER nobody-here", "WORKDIR /app.py"])
def test_a_container_that_cannot_start(engine: RealEngine, tmp_path: Path, line: str) -> None:
    text = f'FROM mlplace/python:3.11\nCOPY app.py /app.py\nUSER 1000\nWORKDIR /tmp\nENTRYPOINT ["python3"]\n{line}\n'
    answer = tried(engine, tmp_path, "", dockerfile=text, terms=PATIENT)
    assert answer.outcome == "author_fault", (answer.why, answer.findings)
    assert {"run.start", "build.failed"} & set(rules(answer))


def test_the_browser_is_held_by_the_engines_limits(engine: RealEngine, tmp_path: Path) -> None:
    """The browser that looks at the page is in a group beside the demo's, under the engine's own."""
    page = (
        "BODY = b'<title>ok</title><script>const hosts = 1</script><img src=https://cdn.example/a.png><img src=/b.png>'\nserve()"
    )
    terms = policy.terms(**{**PATIENT.limits, "page_seconds": 30})
    answer = tried(engine, tmp_path, page, terms=terms)
    assert answer.outcome == "passed", (answer.why, answer.findings)
    assert "screenshot.png" in [name for name, _, _ in answer.files]
    assert [finding.params for finding in answer.findings if finding.rule == "run.outside"] == [{"names": "cdn.example"}]
    groups = list(Path("/sys/fs/cgroup").glob(f"**/{engines._name(engine.running.folder)}/mlplace-box"))
    assert groups
    peaks = [
        int((path / "memory.max_usage_in_bytes").read_text()) for path in groups if (path / "memory.max_usage_in_bytes").exists()
    ]
    assert all(peak > 10 << 20 for peak in peaks)


def test_the_authors_data_cannot_be_changed(engine: RealEngine, tmp_path: Path) -> None:
    data = tmp_path / "sample"
    data.write_text("a,b\n")
    code = """
import os
for act in (lambda: open("/data/sample.csv", "a"), lambda: os.unlink("/data/sample.csv"), lambda: open("/data/new", "w")):
    try: act(); print("CHANGED", flush=True)
    except OSError as error: print("refused", error.errno, flush=True)
serve()
"""
    text = 'FROM mlplace/python:3.11\nCOPY app.py /app.py\nVOLUME /data\nEXPOSE 8000\nCMD ["python3", "-u", "/app.py"]\n'
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": text, "app.py": SERVE + code})
    answer = try_install(archive, name="demo.zip", data=data, data_name="sample.csv", engine=engine.address, terms=PATIENT)
    assert engine.left() == {}
    assert answer.transcript["logs"]["app"].count("refused 30") == 3  # a read-only file system
    assert data.read_text() == "a,b\n"
