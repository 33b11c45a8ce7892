"""Machines that cannot do everything: without root, with a runtime that is not there, with either version of control groups."""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backoffice.inspection.sandbox import cgroups, holder, policy, reaper, scratch
from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox.attempt import try_install
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine

NOBODY = 65534
DEMO = {"Dockerfile": 'FROM mlplace/python:3.11\nUSER app\nCMD ["python3", "-m", "http.server"]\n'}


def as_nobody(act: Callable[[], Any]) -> Any:
    """What a function answers in a process that is not root. One that is nobody already stays so."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def run() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        theirs.send(act())

    process = context.Process(target=run)
    process.start()
    try:
        assert ours.poll(60), "no answer"
        return ours.recv()
    finally:
        process.join()
        ours.close()
        theirs.close()


def test_without_root_there_is_no_engine_and_it_says_so(tmp_path: Path) -> None:
    said: list[str] = []

    def serve() -> tuple[str | None, int, list[str]]:
        return engines.lacking(), engines.serve(tmp_path / "engine", tell=said.append), said

    assert as_nobody(serve) == ("root is needed", 1, ["root is needed"])


@pytest.mark.jail
def test_without_root_nothing_is_ever_passed(tmp_path: Path) -> None:
    """Nobody has no engine of their own, and may not reach somebody else's."""
    tmp_path.chmod(0o755)
    archive = zipped(tmp_path / "demo.zip", DEMO)

    def attempt() -> tuple[str, str, str]:
        answer = try_install(archive, name="demo.zip", engine="")
        return answer.outcome, str(answer.verdict), answer.why

    outcome, verdict, why = as_nobody(attempt)
    assert (outcome, verdict) == ("infrastructure", "error")
    assert why.startswith("Не выполнялась:")


@pytest.mark.engine
@pytest.mark.jail
def test_somebody_elses_engine_is_closed_to_nobody(engine: RealEngine, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "demo.zip", DEMO)
    tmp_path.chmod(0o755)

    def attempt() -> tuple[str, str]:
        answer = try_install(archive, name="demo.zip", engine=engine.address)
        return answer.outcome, str(answer.verdict)

    assert as_nobody(attempt) == ("infrastructure", "error")
    assert engine.left() == {}


@pytest.mark.engine
@pytest.mark.jail
def test_the_runtime_of_the_policy_reaches_the_engine(engine: RealEngine, tmp_path: Path) -> None:
    """gVisor is not on this machine: the engine says so, and nothing runs under another runtime instead."""
    archive = zipped(tmp_path / "demo.zip", DEMO)
    terms = replace(policy.terms(), runtime="runsc-of-tests")
    answer = try_install(archive, name="demo.zip", engine=engine.address, terms=terms)
    assert (answer.outcome, answer.reason, answer.findings) == ("infrastructure", "engine_failed", [])
    assert "runsc-of-tests" in answer.detail
    assert answer.transcript["engine"]["runtime"] == "runsc-of-tests"
    assert engine.left() == {}


@contextmanager
def exhausted(engine: RealEngine) -> Iterator[Callable[[], object]]:
    """The engine's control group takes no further process, so no container can be started, until what is given is called."""
    pids = next(file for group in cgroups.groups(engine.group) if (file := group / "pids.max").exists())
    allowed = pids.read_text()
    pids.write_text("1")
    try:
        yield lambda: pids.write_text(allowed)
    finally:
        pids.write_text(allowed)


class Mender(logging.Handler):
    """Mends the machine as soon as somebody complains."""

    def __init__(self, mend: Callable[[], object]) -> None:
        super().__init__(logging.WARNING)
        self.mend, self.heard = mend, []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())
        self.mend()


def test_an_engine_that_stumbles_once_goes_on(engine: RealEngine, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "demo.zip", DEMO)
    with exhausted(engine) as mend:
        holder.log.addHandler(mender := Mender(mend))
        try:
            answer = try_install(archive, name="demo.zip", engine=engine.address, terms=policy.terms(page_seconds=0))
        finally:
            holder.log.removeHandler(mender)
    assert (answer.outcome, len(mender.heard)) == ("passed", 1), (answer.why, mender.heard)
    assert engine.left() == {}


def test_an_engine_that_cannot_begin_a_build_is_ours(engine: RealEngine, tmp_path: Path) -> None:
    """Whatever the author wrote."""
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": "FROM mlplace/python:3.11\nRUN true\nUSER app\n"})
    with ExitStack() as stack:

        def fail(step: str) -> None:
            if step == "built":
                stack.enter_context(exhausted(engine))

        answer = try_install(archive, name="demo.zip", engine=engine.address, progress=fail)
    assert (answer.outcome, answer.reason, answer.findings) == ("infrastructure", "engine_failed", [])
    assert "runtime" in answer.detail
    reaper.reap(engine.address)
    assert engine.left() == {}


@pytest.fixture(params=[folder for folder in ("", "unified") if (cgroups.ROOT / folder).is_dir()])
def hierarchy(root: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine's control groups; of a hybrid machine the part that is version 2 alone as well."""
    top = cgroups.ROOT / request.param
    monkeypatch.setattr(cgroups, "ROOT", top)
    return top


def test_a_group_holds_its_newcomers_and_goes_with_them(hierarchy: Path) -> None:
    name = f"mlplace-test-{os.getpid()}"
    assert cgroups.make(name, policy.limits()) == f"/{name}"
    group = next(iter(cgroups.groups(name)), None) or hierarchy / name
    group.mkdir(exist_ok=True)
    inner = group / "inner"
    inner.mkdir()
    process = subprocess.Popen(["sleep", "600"])
    try:
        (inner / "cgroup.procs").write_text(str(process.pid))
        if cgroups.unified():
            assert cgroups._group(process.pid, "inner", "memory") == inner
        beside = cgroups.beside(process.pid, "mlplace-box", memory=1 << 30)
        assert group / "mlplace-box" / "cgroup.procs" in beside
        cgroups.end(name)
        assert process.wait(30) != 0
        cgroups.remove(name)
        assert cgroups.groups(name) == []
    finally:
        process.kill()
        process.wait()


VERSION_1 = {
    "memory/mlplace/1f/memory.max_usage_in_bytes": "104857600\n",
    "memory/mlplace/1f/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "cpuacct/mlplace/1f/cpuacct.usage": "2500000000\n",
    "pids/mlplace/1f/pids.current": "7\n",
    "pids/mlplace/1f/pids.events": "max 3\n",
    "blkio/mlplace/1f/blkio.throttle.io_service_bytes_recursive": "8:0 Read 1\n8:0 Write 4096\n7:0 Write 4096\n8:0 Total 4097\nTotal 9\n",
}
VERSION_2 = {
    "mlplace/1f/memory.peak": "104857600\n",
    "mlplace/1f/memory.current": "5\n",
    "mlplace/1f/memory.events": "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n",
    "mlplace/1f/cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 0\n",
    "mlplace/1f/pids.current": "7\n",
    "mlplace/1f/pids.events": "max 3\n",
    "mlplace/1f/io.stat": "8:0 rbytes=1 wbytes=4096 rios=1 wios=1 dbytes=0 dios=0\n7:0 rbytes=0 wbytes=4096 rios=0 wios=1 dbytes=0 dios=0\n",
}
OLDER_2 = {name: text for name, text in VERSION_2.items() if not name.endswith("peak")}
MEMBERS = {
    1: "5:memory:/mlplace/1f\n4:cpu,cpuacct:/mlplace/1f\n3:pids:/mlplace/1f\n2:blkio:/mlplace/1f\n0::/\n",
    2: "0::/mlplace/1f\n",
}


@pytest.mark.parametrize(
    "tree, version, peak",
    [(VERSION_1, 1, 100 << 20), (VERSION_2, 2, 100 << 20), (OLDER_2, 2, 5)],
    ids=["version 1", "version 2", "an older kernel"],
)
def test_what_was_used_is_read_under_either_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: dict[str, str], version: int, peak: int
) -> None:
    """Files as the kernel writes them (Documentation/admin-guide/cgroup-v1, cgroup-v2.rst): nothing here binds controllers to version 2."""
    for name, text in {**tree, "9/cgroup": MEMBERS[version]}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "PROC", tmp_path)
    assert cgroups.used(9, "1f") == cgroups.Used(peak, 2.5, 7, 8192, 3, 2)
    nothing = cgroups.Used(0, 0.0, 0, 0, 0, 0)
    assert cgroups.used(9, "2f") == cgroups.used(10, "1f") == nothing


def test_the_engines_limits_are_written(root: None) -> None:
    name, limits = f"mlplace-test-{os.getpid()}", policy.limits()
    quota = int(limits["engine_cpus"] * cgroups.PERIOD)
    files = ("{}/memory.max", "{}/pids.max", "{}/cpu.max")
    if not cgroups.unified():
        files = ("memory/{}/memory.limit_in_bytes", "pids/{}/pids.max", "cpu/{}/cpu.cfs_quota_us")
    wanted = dict(zip(files, (limits["engine_memory"], limits["engine_pids"], quota), strict=True))
    cgroups.make(name, limits)
    try:
        assert {file: int((cgroups.ROOT / file.format(name)).read_text().split()[0]) for file in wanted} == wanted
    finally:
        cgroups.remove(name)


def test_doors_open_to_the_mounts_that_are_meant_alone(root: None, tmp_path: Path) -> None:
    """Not to what a link leads to, nor to a mount of another size: of that nothing was said."""
    (tmp_path / "link").symlink_to("/dev/shm")
    facts = os.statvfs("/dev/shm")
    size = facts.f_blocks * facts.f_frsize
    with scratch.opened(os.getpid(), {"/dev/shm": size, "/proc": size, str(tmp_path / "link"): size, "/nowhere": size}) as spaces:
        assert [(space.place, space.full()) for space in spaces] == [("/dev/shm", False)]
    with pytest.raises(OSError, match="Bad file"):
        spaces[0].full()
    with scratch.opened(0, {"/": size}) as spaces:
        assert spaces == []
