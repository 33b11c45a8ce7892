"""What the sandbox's isolation costs against a plain ``docker run``, and how long a small demo takes from start to outcome.

    python -m tests.benchmarks.sandbox [--rounds 5]

Needs root. ``isolation``: a container that computes for a moment, created, run and removed by the engine's own API, with all our walls and with none;
runs alternate, the ratio is of medians. ``attempt``: a whole try-install with the picture; its steps are medians too. ``queue``: the same demo from
its row in the outbox, through relay, Redis and the sandbox's worker, to the outcome in the database, one demo at a time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from backoffice.clock import utcnow
from backoffice.inspection.sandbox import containers, engine, holder, policy
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.client import Session, connected
from backoffice.inspection.sandbox.plan import Plan, Service
from backoffice.inspection.sandbox.transcript import Recorder
from backoffice.store.checks import Check
from backoffice.store.database import open_database, upgrade
from backoffice.store.outbox import Job
from backoffice.usecases import health
from scripts import base_image
from tests.inspection.sandbox.archives import zipped
from tests.inspection.sandbox.test_actor import waiting
from tests.real.deployment import Deployment
from tests.real.redis import Server as Redis
from tests.real.waiting import until
from tests.usecases.market import Market

WORK = ["python3", "-c", "sum(n * n for n in range(2_000_000))"]
DEMO = (
    'FROM mlplace/python:3.11\nEXPOSE 8000\nUSER app\nCMD ["python3", "-m", "http.server", "8000", "-d", "/usr/lib/python3.11"]\n'
)


def plain(api: Any, image: str) -> float:
    """Seconds of a container with no walls but the network's absence."""
    began = time.monotonic()
    made = api.create_container(image, command=WORK, host_config=api.create_host_config(network_mode="none"))
    api.start(made["Id"])
    api.wait(made["Id"])
    api.remove_container(made["Id"], force=True)
    return time.monotonic() - began


def walled(api: Any, address: str, image: str, number: int) -> float:
    """Seconds of the same work in our container, the holder included."""
    holder.provide(api)
    began = time.monotonic()
    plan = Plan("compose", "compose.yaml", services=[Service("app", image=image, command=WORK)])
    session = Session(api, address, policy.terms(), Recorder(), f"bench-{number}")
    with holder.held(session, ["app"]) as place:
        launch = containers.Launch(plan, {"app": image}, Path("/nowhere"), place, None, "")
        with containers.running(session, launch) as crew:
            api.wait(crew.services["app"])
    for container in (crew.services["app"], place.container):
        api.remove_container(container, force=True)
    return time.monotonic() - began


def queued(folder: Path, address: str, rounds: int) -> list[float]:
    """Seconds from a submission that asks for its try-install to the recorded outcome, by the product's own processes."""
    archives = [zipped(folder / f"queued-{n}.zip", {"Dockerfile": f"{DEMO}# {n}\n"}) for n in range(rounds)]
    url = f"sqlite:///{folder / 'queue.db'}"
    upgrade(open_database(url))
    (folder / "redis").mkdir()
    redis = Redis(folder / "redis")
    deployment = Deployment(folder / "var", database_url=url, redis_url=redis.url, engine=address)
    try:
        with deployment.wiring.database.connection_context():
            market = Market(deployment.wiring)
            checks = [waiting(market, archive)[1] for archive in archives]
            Job.update(due_at=utcnow() + timedelta(days=1)).where(Job.actor == "try_install").execute()
            for name in ("relay", "sandbox"):
                deployment.start(name)
            until(lambda: _working(deployment), about="the worker is there")
            return [_answered(check) for check in checks]
    finally:
        deployment.stop()
        redis.process.terminate()
        redis.process.wait()


def _working(deployment: Deployment) -> bool:
    parts = health.report(deployment.wiring, now=utcnow()).parts
    return next(part.state == "ok" for part in parts if part.name == "sandbox")


def _answered(check: Check) -> float:
    """From the instant its job is due."""
    began = time.monotonic()
    Job.update(due_at=utcnow()).where(Job.actor == "try_install", Job.subject == check.id).execute()
    until(lambda: Check.get_by_id(check.id).why == "passed", patience=600, about="the outcome")
    return time.monotonic() - began


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="mlplace-bench-"))
    running = engine.start(folder / "engine", disk=1 << 30)
    try:
        with connected(running.address) as api:
            image = base_image.provide(api)
            pairs = [(plain(api, image), walled(api, running.address, image, number)) for number in range(rounds)]
        archive = zipped(folder / "demo.zip", {"Dockerfile": DEMO})
        answers = [try_install(archive, name="demo.zip", engine=running.address) for _ in range(rounds)]
        whole = queued(folder, running.address, rounds)
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    steps = {
        step["name"]: statistics.median(a.transcript["steps"][i]["seconds"] for a in answers)
        for i, step in enumerate(answers[0].transcript["steps"])
    }
    total = statistics.median(answer.seconds for answer in answers)
    figures = {"plain": round(bare, 3), "walled": round(ours, 3), "ratio": round(ours / bare, 2)}
    outcomes = sorted({answer.outcome for answer in answers})
    attempt = {"outcomes": outcomes, "seconds": total, "steps": steps}
    row = {"rounds": rounds, "isolation": figures, "attempt": attempt, "queue": round(statistics.median(whole), 2)}
    print(json.dumps(row, indent=2))


if __name__ == "__main__":
    main()
