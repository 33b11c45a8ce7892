"""Files and previews on a local disk and in a bucket behave alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.clock import utcnow
from backoffice.storage import CHUNK, Storage, blob_key
from backoffice.store.listings import Submission
from backoffice.usecases.record_check import current_checks
from tests.real.deployment import Deployment
from tests.real.waiting import until
from tests.tasks.test_processes import FILES
from tests.usecases.market import Market

KEY = blob_key("ab" * 32)
LARGE = bytes(range(256)) * 4096 * 12  # 12 MiB: more than one part of an upload in parts


@pytest.fixture
def storage_url(s3: str) -> str:
    return s3


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = (tmp_path / "artifacts").as_uri() if request.param == "local" else request.getfixturevalue("s3")
    return Storage(url, scratch=tmp_path / "scratch")


def test_bytes_come_back_whole_and_in_ranges(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(LARGE)
    storage.put(KEY, source)
    assert storage.exists(KEY)
    assert storage.size(KEY) == len(LARGE)
    assert b"".join(storage.stream(KEY)) == LARGE
    assert b"".join(storage.stream(KEY, CHUNK - 3, 2 * CHUNK + 5)) == LARGE[CHUNK - 3 : 2 * CHUNK + 5]
    with storage.as_file(KEY) as path:
        assert path.read_bytes() == LARGE


def test_the_copy_of_a_remote_file_goes_when_it_was_read(storage: Storage) -> None:
    storage.put(KEY, b"small")
    with storage.as_file(KEY) as path:
        assert path.read_bytes() == b"small"
    assert path.exists() == (storage.root is not None)
    assert [entry.name for entry in storage.scratch.iterdir()] == ["uploads"]


def test_an_empty_file_is_a_file(storage: Storage) -> None:
    storage.put(KEY, b"")
    assert (storage.size(KEY), storage.read(KEY), list(storage.stream(KEY))) == (0, b"", [])


def test_what_is_not_there_is_said_so(storage: Storage) -> None:
    assert not storage.exists(KEY)
    for look in (storage.size, storage.read, lambda key: list(storage.stream(key))):
        with pytest.raises(FileNotFoundError):
            look(KEY)
    with pytest.raises(FileNotFoundError), storage.as_file(KEY):
        pass


def test_a_key_can_be_written_again_and_deleted_twice(storage: Storage) -> None:
    storage.put(KEY, b"one")
    storage.put(KEY, b"one")
    storage.delete(KEY)
    storage.delete(KEY)
    assert not storage.exists(KEY)


@pytest.mark.redis
@pytest.mark.clamd
@pytest.mark.jail
def test_workers_scan_what_lies_in_a_bucket(deployment: Deployment) -> None:
    market = Market(deployment.wiring)
    submission = market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    deployment.start("relay")
    deployment.start("scans")
    until(lambda: Submission.get_by_id(submission.id).state == "awaiting_review", about="all checks are in")
    verdicts = {check.slot: check.verdict for check in current_checks(submission)}
    assert verdicts == {"data_example": "pass", "instruction": "pass", "terms_of_use": "pass", "model_archive": "reject"}
    assert not (deployment.folder / "artifacts").exists()
    assert [entry.name for entry in (deployment.folder / "scratch").iterdir()] == ["uploads"]
