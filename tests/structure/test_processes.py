"""Every queue has a worker, every job an actor, every actor a time limit; the processes read the same settings."""

from __future__ import annotations

import re

import pytest

from backoffice.store.checks import Check
from backoffice.store.listings import Blob
from backoffice.usecases.request_checks import LARGE, actor_of
from config.settings import ROOT
from scripts.run import procfile
from tasks.worker import ACTORS, PERIODIC

COMMANDS = procfile(ROOT / "Procfile")
EVERY = [*ACTORS.values(), *PERIODIC]


def _served() -> dict[str, str]:
    """Queue to process."""
    served = {}
    for process, command in COMMANDS.items():
        if match := re.search(r"--queues ((?:[a-z_]+ )+)--", command):
            for queue in match[1].split():
                assert queue not in served, f"{queue} is served twice"
                served[queue] = process
    return served


def test_every_queue_has_a_worker_and_every_worker_a_queue() -> None:
    assert set(_served()) == {actor.queue_name for actor in EVERY}


def test_the_sandbox_has_a_worker_of_its_own() -> None:
    assert [queue for queue, process in _served().items() if process == "sandbox"] == ["sandbox"]


@pytest.mark.parametrize("actor", EVERY, ids=lambda actor: actor.actor_name)
def test_an_actor_states_its_time_limit_and_leaves_retries_to_the_outbox(actor: object) -> None:
    options = actor.options  # type: ignore[attr-defined]
    assert 0 < options["time_limit"] <= 7_200_000
    assert "max_retries" not in options


@pytest.mark.parametrize(("kind", "size"), [("scan", 1), ("scan", LARGE + 1), ("try_install", 1)])
def test_a_check_has_an_actor(kind: str, size: int) -> None:
    assert actor_of(Check(kind=kind, blob=Blob(size=size))) in ACTORS


def test_actors_are_known_by_their_own_names() -> None:
    assert {name: actor.actor_name for name, actor in ACTORS.items()} == {name: name for name in ACTORS}


def test_a_worker_stops_within_the_patience_of_what_stops_it() -> None:
    for command in COMMANDS.values():
        if command.startswith("dramatiq"):
            assert "--worker-shutdown-timeout 15000" in command
