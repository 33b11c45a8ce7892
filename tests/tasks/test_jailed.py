"""Where the jail cannot be built, a worker of the scan queues does not start; others do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from backoffice.inspection import jail
from tasks.jailed import NO_JAIL, NeedsJail


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PATH", "/nowhere")
    jail.ready.cache_clear()
    yield
    jail.ready.cache_clear()


@pytest.mark.usefixtures("no_bubblewrap")
@pytest.mark.parametrize("queues", [{"scans"}, {"large_scans", "mail"}, None])
def test_a_scanning_worker_refuses_to_start(queues: set[str] | None, tmp_path: Path) -> None:
    broker = StubBroker(middleware=[NeedsJail(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        Worker(broker, queues=queues, worker_threads=1).start()
    assert ended.value.code == NO_JAIL


@pytest.mark.usefixtures("no_bubblewrap")
def test_a_worker_of_other_queues_starts(tmp_path: Path) -> None:
    broker = StubBroker(middleware=[NeedsJail(tmp_path)])
    worker = Worker(broker, queues={"mail"}, worker_threads=1)
    worker.start()
    worker.stop()


@pytest.mark.jail
def test_with_the_jail_it_starts_and_clears_what_killed_ones_left(tmp_path: Path) -> None:
    (tmp_path / "jail-left" / "inner").mkdir(parents=True)
    worker = Worker(StubBroker(middleware=[NeedsJail(tmp_path)]), queues={"scans"}, worker_threads=1)
    worker.start()
    worker.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    with jail._private(tmp_path) as mine:
        (tmp_path / "jail-left").mkdir()
        assert jail.sweep(tmp_path) == 1
        assert list(tmp_path.iterdir()) == [mine]
