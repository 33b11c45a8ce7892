"""Nothing is left behind, also when the worker or the engine is killed in the middle (M6)."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox import policy, reading, reaper
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.client import LABEL, connected
from config.settings import ROOT
from scripts import base_image
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine, placed, sweep
from tests.real.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.jail]

DOCKERFILE = (
    'FROM mlplace/python:3.11\nRUN echo {number} > /number\nEXPOSE 8000\nUSER app\nCMD ["python3", "-m", "http.server", "8000"]\n'
)
WORKER = """
import json, sys
from pathlib import Path
from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import try_install
terms = policy.terms(start_seconds=60, page_seconds=0, stop_seconds=2)
for path in sys.argv[2:]:
    say = lambda step: print("step", step, flush=True)
    answer = try_install(Path(path), name=path, data=Path(path), data_name="d.zip", engine=sys.argv[1], terms=terms, progress=say)
    print("done", Path(path).name, answer.outcome, flush=True)
    print(answer.reason, answer.detail, file=sys.stderr)
"""


def worker(address: str, archives: list[Path]) -> subprocess.Popen[str]:
    """A process like the sandbox's worker: one attempt after another."""
    command = [sys.executable, "-c", WORKER, address, *map(str, archives)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def demos(tmp_path: Path, count: int) -> list[Path]:
    return [zipped(tmp_path / f"{n}.zip", {"Dockerfile": DOCKERFILE.format(number=n)}) for n in range(count)]


def reap(engine: RealEngine) -> None:
    """What a killed worker had just started holds its lock until it is gone, too; then one pass is enough."""
    until(lambda: reaper.reap(engine.address) or not engine.left())


@pytest.mark.parametrize("step", ["built", "started", "answered", "stopped"])
def test_a_worker_killed_at_a_step_leaves_nothing(engine: RealEngine, tmp_path: Path, step: str) -> None:
    process = worker(engine.address, demos(tmp_path, 1))
    assert process.stdout is not None
    with process.stdout:
        assert f"step {step}\n" in process.stdout, "the worker ended before that step"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    reap(engine)
    assert engine.left() == {}
    assert reaper.lock_path(engine.address).read_text() == ""


def test_workers_killed_at_random_finish_every_demo(engine: RealEngine, tmp_path: Path) -> None:
    """Killed after a random number of steps, again and again; whoever is next cleans up and goes on, and retries what was our own trouble."""
    chance = random.Random(4)
    waiting, outcomes = demos(tmp_path, 2), {}
    for _ in range(30):
        if not waiting:
            break
        process = worker(engine.address, waiting)
        assert process.stdout is not None
        with process.stdout:
            for _ in range(chance.randint(3, 12)):
                word, _, rest = process.stdout.readline().strip().partition(" ")
                if word == "done":
                    name, outcome = rest.split()
                    outcomes[name] = outcome
                    if outcome == "infrastructure":
                        break
                if not word:
                    break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        waiting = [path for path in waiting if outcomes.get(path.name, "infrastructure") == "infrastructure"]
    reading.sweep()
    assert not list(Path(tempfile.gettempdir()).glob(f"{reading.PREFIX}{process.pid}-*"))
    reap(engine)
    assert outcomes == {f"{n}.zip": "passed" for n in range(2)}
    assert engine.left() == {}


def test_what_carries_our_label_goes_without_a_journal(engine: RealEngine) -> None:
    """Made by hand: no attempt wrote it down. What does not carry the label stays."""
    api, labels = engine.api, {LABEL: "mlplace-try-lost"}
    api.create_container(engine.base, command=["true"], labels=labels, name="lost")
    for name, marks in (("lost", labels), ("kept", {})):
        api.create_volume(name, labels=marks)
        api.create_network(name, driver="bridge", internal=True, labels=marks)
        api.import_image_from_data(
            b"", repository=name, tag="1", changes=[f"LABEL {key}={value}" for key, value in marks.items()]
        )
    reaper.lock_path(engine.address).unlink(missing_ok=True)
    assert len(reaper.reap(engine.address)) == 4 + 1  # an image and its name
    left = engine.left()
    assert (left["volumes"], left["networks"], left["names"]) == (["kept"], ["kept"], ["kept:1"])
    api.remove_volume("kept")
    api.remove_network("kept")
    api.remove_image("kept:1")
    assert engine.left() == {}


def test_a_running_attempt_is_not_reaped(engine: RealEngine) -> None:
    with reaper.alone(engine.address, seconds=5) as api:
        api.create_volume("kept")
        assert reaper.reap(engine.address) == []
        assert "kept" in reaper.inventory(api)["volumes"]
    assert engine.left() == {}


def test_what_the_keepers_put_there_stays(engine: RealEngine) -> None:
    with reaper.kept(engine.address, seconds=60) as api:
        api.tag(engine.base, "kept/by-us", tag="1")
    assert reaper.reap(engine.address) == []
    assert engine.api.inspect_image("kept/by-us:1")
    engine.api.remove_image("kept/by-us:1")


def test_a_busy_engine_is_infrastructure(engine: RealEngine, tmp_path: Path) -> None:
    with reaper.alone(engine.address, seconds=5):
        answer = try_install(demos(tmp_path, 1)[0], name="0.zip", engine=engine.address, terms=policy.terms(waiting_seconds=0))
    assert (answer.outcome, answer.detail) == ("infrastructure", "busy")


def test_an_engine_killed_in_the_middle_is_infrastructure_and_comes_back_clean(root: None, tmp_path: Path) -> None:
    with placed() as folder:
        running = engines.start(folder, disk=300 << 20)
        try:
            with connected(running.address) as api:
                base_image.provide(api)

            def kill(step: str) -> None:
                if step == "answered":
                    running.process.kill()
                    running.process.wait()

            archive = demos(tmp_path, 1)[0]
            answer = try_install(
                archive, name="0.zip", engine=running.address, terms=policy.terms(start_seconds=60), progress=kill
            )
            assert (answer.outcome, answer.reason, answer.findings) == ("infrastructure", "engine_failed", [])
            running = engines.start(folder, disk=300 << 20)
            assert json.loads(reaper.lock_path(running.address).read_text())["images"]
            assert reaper.reap(running.address)
            again = try_install(
                archive, name="0.zip", engine=running.address, terms=policy.terms(start_seconds=60, page_seconds=0)
            )
            assert again.outcome == "passed", again.why
        finally:
            running.stop()
        assert engines._mounts(folder) == []
    assert not [path for path in Path("/sys/fs/cgroup").glob("*/mlplace-*") if path.name == engines._name(folder)]


def test_the_next_run_of_tests_unmounts_what_a_killed_one_left(root: None) -> None:
    """As the first thing an engine makes is its disk, that is what a killed run leaves last."""
    script = "import sys\nfrom backoffice.inspection.sandbox import engine\nfrom tests.real.engine import placed\n"
    script += "with placed() as folder:\n    print(engine._mount(folder, 20 << 20), folder, flush=True)\n    sys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        bounded, _, name = run.stdout.readline().strip().partition(" ")
        run.kill()
    folder = Path(name)
    assert bool(engines._mounts(folder)) == (bounded == "True")
    sweep()
    assert not folder.exists()
    assert engines._mounts(folder) == []


def test_an_engine_starts_in_a_folder_that_is_closed_to_others(root: None, tmp_path: Path) -> None:
    """The users of its containers could not pass through: data and containers then lie in a twin, which goes with the engine."""
    with placed() as closed:
        folder = closed / "engine"
        folder.mkdir()
        twin = engines._place(folder)
        running = engines.start(folder, disk=200 << 20)
        try:
            with connected(running.address) as api:
                assert twin != folder
                assert Path(api.info()["DockerRootDir"]).is_relative_to(twin)
        finally:
            running.stop()
    assert not twin.exists()
