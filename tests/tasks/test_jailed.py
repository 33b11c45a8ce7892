"""Where the jail cannot be built, a worker of the scan queues does not start; others do."""

from __future__ import annotations

from collections.abc import Iterator

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
def test_a_scanning_worker_refuses_to_start(queues: set[str] | None) -> None:
    broker = StubBroker(middleware=[NeedsJail()])
    with pytest.raises(SystemExit) as ended:
        Worker(broker, queues=queues, worker_threads=1).start()
    assert ended.value.code == NO_JAIL


@pytest.mark.usefixtures("no_bubblewrap")
def test_a_worker_of_other_queues_starts() -> None:
    broker = StubBroker(middleware=[NeedsJail()])
    worker = Worker(broker, queues={"mail"}, worker_threads=1)
    worker.start()
    worker.stop()


@pytest.mark.jail
def test_with_the_jail_it_starts() -> None:
    worker = Worker(StubBroker(middleware=[NeedsJail()]), queues={"scans"}, worker_threads=1)
    worker.start()
    worker.stop()
