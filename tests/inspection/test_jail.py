"""What hostile code in the jail can and cannot do. The "upload" is a Python program here, run as if a parser had been taken over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backoffice.inspection import frames, jail, memory

pytestmark = pytest.mark.jail

TAKEN_OVER = ("timeit", "-n", "1", "-r", "1", "exec(compile(open('/in/upload').read(), 'upload', 'exec'), {})")
PRELUDE = """
import json, os, sys, socket, subprocess, struct, threading, time
from backoffice.inspection import frames, seccomp
pipe = os.fdopen(os.dup(1), "wb")
def say(what):
    frames.write(pipe, b"R", json.dumps(what).encode())
    os._exit(0)
def attempt(act):
    try:
        return act()
    except BaseException as problem:
        return type(problem).__name__ + ": " + str(problem)
seccomp.load(seccomp.no_new_processes())
"""


def run(tmp_path: Path, code: str, **limits: Any) -> tuple[jail.End, Any]:
    program = tmp_path / "program"
    program.write_text(PRELUDE + textwrap.dedent(code))
    heard: list[Any] = []

    def hear(said: Iterator[tuple[bytes, bytes]]) -> None:
        heard.extend(json.loads(payload) for kind, payload in said if kind == b"R")

    end = jail.run(*TAKEN_OVER, upload=program, request=b"", limits=jail.Limits(**({"seconds": 20} | limits)), hear=hear)
    return end, heard[0] if heard else None


def test_there_is_no_network_and_no_socket(tmp_path: Path) -> None:
    end, told = run(
        tmp_path,
        "say([attempt(lambda: socket.create_connection(('127.0.0.1', 22), 1)), os.listdir('/sys') if os.path.exists('/sys') else 'none'])",
    )
    assert end.reason == "done"
    assert "PermissionError" in told[0]
    assert told[1] == "none"


def test_only_the_file_and_the_programs_can_be_read_and_nothing_written(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    code = f"""
    def write(path):
        with open(path, "w") as file:
            file.write("x")
    say([attempt(lambda: open({str(secret)!r}).read()), attempt(lambda: open("/etc/passwd").read()),
         [attempt(lambda: write(path)) for path in ("/usr/x", "/in/upload", "/x", "/tmp/x", "/dev/x", "/dev/shm/x",
          {str(jail.ROOT / "backoffice" / "x")!r})],
         attempt(lambda: write("/scratch/x")), sorted(os.environ), os.getuid(), os.listdir("/proc")])
    """
    end, told = run(tmp_path, code)
    assert end.reason == "done"
    assert "FileNotFoundError" in told[0]
    assert "FileNotFoundError" in told[1]
    assert all("Read-only" in answer or "Permission" in answer for answer in told[2])
    assert told[3] is None
    assert not [name for name in told[4] if name.startswith("MLPLACE")]
    assert told[5] == 65534
    assert len([name for name in told[6] if name.isdigit()]) <= 3


@pytest.mark.parametrize(
    "call",
    [
        "os.fork()",
        "subprocess.run(['/usr/bin/true'])",
        "os.posix_spawn('/usr/bin/true', ['true'], {})",
        "os.system('/usr/bin/true') and 1 / 0",
    ],
)
def test_nothing_multiplies(tmp_path: Path, call: str) -> None:
    end, told = run(tmp_path, f"say(attempt(lambda: {call}))")
    assert end.reason == "done"
    assert "BlockingIOError" in told or "ZeroDivisionError" in told


def test_a_bomb_of_threads_ends_with_the_jail(tmp_path: Path) -> None:
    code = """
    def grow():
        while True:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    say(attempt(grow))
    """
    end, told = run(tmp_path, code, memory=1 << 30)
    assert end.reason == "done"
    assert "can't start new thread" in told


@pytest.mark.parametrize(
    "code", ["import ctypes; libc = ctypes.CDLL(None, use_errno=True)\nsay([libc.syscall(n, 0, 0, 0, 0, 0) for n in NUMBERS])"]
)
def test_kernel_machinery_is_out_of_reach(tmp_path: Path, code: str) -> None:
    from backoffice.inspection import seccomp

    machine = os.uname().machine
    names = (
        "ptrace",
        "mount",
        "unshare",
        "setns",
        "bpf",
        "keyctl",
        "io_uring_setup",
        "perf_event_open",
        "userfaultfd",
        "open_by_handle_at",
        "memfd_create",
        "shmget",
    )
    numbers = [seccomp._DENIED[machine][name] for name in names]
    end, told = run(tmp_path, f"NUMBERS = {numbers}\n{code}")
    assert end.reason == "done"
    assert told == [-1] * len(names)


def test_a_hang_is_ended_by_the_clock(tmp_path: Path) -> None:
    started = time.monotonic()
    end, _ = run(tmp_path, "time.sleep(1000)", seconds=0.7)
    assert end.reason == "timeout"
    assert time.monotonic() - started < 5


def test_eating_memory_is_an_answer_of_its_own(tmp_path: Path) -> None:
    end, _ = run(tmp_path, "x = [bytearray(1 << 26) for _ in range(1000)]", memory=512 << 20)
    assert end.reason == "memory"


@pytest.mark.parametrize(
    "grow",
    [
        "held = [bytearray(1 << 20) for _ in range(200)]",
        "import mmap; held = mmap.mmap(-1, 200 << 20); held.write(bytes(200 << 20))",
        "held = []\nfor _ in range(4): threading.Thread(target=lambda: held.append(bytearray(50 << 20))).start()",
    ],
    ids=["heap", "shared", "threads"],
)
def test_what_is_held_is_limited_and_not_what_is_reserved(tmp_path: Path, grow: str) -> None:
    """Address space for gigabytes may be asked for; pages that are really touched may not pass the limit."""
    reserve = "import mmap; reserved = mmap.mmap(-1, 1 << 30)"
    end, told = run(tmp_path, f"{reserve}\nsay('reserved')", resident=100 << 20)
    assert (end.reason, told) == ("done", "reserved")
    end, _ = run(tmp_path, f"{grow}\ntime.sleep(1000)", resident=100 << 20)
    assert end.reason == "memory"
    assert end.detail.endswith("MiB")


def test_a_burst_between_two_looks_meets_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the watch is too slow the kernel refuses; and when the machine itself has no memory left, it takes the jail before any other."""
    monkeypatch.setattr(memory, "EVERY", 1_000)
    code = """
    import mmap
    def burst():
        mmap.mmap(-1, 200 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).write(bytes(1 << 20))
    say([attempt(burst), attempt(lambda: bytearray(200 << 20)), open("/proc/self/oom_score_adj").read()])
    """
    end, told = run(tmp_path, code, data=150 << 20)
    assert (end.reason, told) == ("done", ["OSError: [Errno 12] Cannot allocate memory", "MemoryError: ", "1000\n"])


def test_a_crash_is_an_answer_and_not_an_exception(tmp_path: Path) -> None:
    end, _ = run(tmp_path, "import ctypes; ctypes.string_at(0)")
    assert end == jail.End("crashed", "SIGSEGV")
    end, _ = run(tmp_path, "raise SystemExit(3)")
    assert end.reason == "crashed"


def test_a_flood_of_output_is_cut_off(tmp_path: Path) -> None:
    end, _ = run(tmp_path, "while True: pipe.write(b'A' * 65536)")
    assert end.reason == "output"
    end, _ = run(tmp_path, "pipe.write(struct.pack('<cI', b'R', 1 << 31)); pipe.flush(); time.sleep(100)")
    assert end.reason == "output"


def test_a_flood_of_errors_is_read_away(tmp_path: Path) -> None:
    end, told = run(tmp_path, "os.write(2, b'E' * (1 << 20)); os.write(2, b'E' * (1 << 20)); say('alive')")
    assert end.reason == "done"
    assert told == "alive"


def test_a_file_that_grows_too_large_is_stopped(tmp_path: Path) -> None:
    code = """
    def grow():
        with open("/scratch/big", "wb") as file:
            for _ in range(100):
                file.write(bytes(1 << 20))
                file.flush()
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    say(attempt(grow))
    """
    end, told = run(tmp_path, code, file=8 << 20)
    assert end.reason == "done"
    assert "File too large" in told


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    program = tmp_path / "program"
    program.write_text(PRELUDE + "open('/scratch/left', 'w').write('x')\nsay(1)")
    jail.run(
        *TAKEN_OVER, upload=program, request=b"", limits=jail.Limits(20), hear=lambda said: list(said) and None, scratch=private
    )
    assert list(private.iterdir()) == []


def test_the_jail_dies_with_its_worker(tmp_path: Path) -> None:
    """A worker killed outright leaves no parser behind."""
    (tmp_path / "program").write_text(PRELUDE + "frames.write(pipe, b'R', b'1')\ntime.sleep(1000)")
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"""
import sys
from pathlib import Path
from backoffice.inspection import jail
def hear(said):
    for _ in said:
        print("running", flush=True)
jail.run(*{TAKEN_OVER!r}, upload=Path({str(tmp_path / "program")!r}), request=b"", limits=jail.Limits(600), hear=hear)
""",
        ],
        cwd=jail.ROOT,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout
    with worker.stdout as told:
        assert told.readline() == b"running\n"
        inside = _children(worker.pid)
        assert inside
        worker.kill()
        worker.wait()
        until = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in inside):
            assert time.monotonic() < until


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found += [int(stat.parent.name), *_children(int(stat.parent.name))]
    return found


def test_a_machine_without_bubblewrap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    jail.ready.cache_clear()
    with pytest.raises(jail.NoJail, match="not installed"):
        jail.ready()
    monkeypatch.undo()
    assert jail.ready()


def test_frames_survive_a_child_that_dies_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "said"
    with path.open("wb") as pipe:
        frames.write(pipe, b"P", b"[1, 2]")
        pipe.write(b"R\xff\x00\x00\x00half")
    with path.open("rb") as pipe:
        assert list(frames.read(pipe)) == [(b"P", b"[1, 2]")]
