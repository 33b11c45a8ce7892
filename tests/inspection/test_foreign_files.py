"""Files that nobody here made: the test data that our libraries bring along. Good ones pass without a word, broken ones do not (M5)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from backoffice.inspection.formats import _pickle_names as names
from backoffice.inspection.inside import examine_upload

DATA, MODEL = "data_example", "model_archive"
# Archives of one file that joblib wrote; people call them .pkl.
_PACKED = (".gz", ".bz2", ".xz", ".lzma", ".z", ".gzip")


def _of(package: str, *patterns: str) -> list[Path]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return sorted(path for pattern in patterns for path in Path(spec.origin).parent.glob(pattern))


def _files() -> Iterator[tuple[Path, str, str]]:
    """Where each file is, the slot it would go to, and the name it would have."""
    for path in _of("pyarrow", "tests/data/parquet/*.parquet", "tests/data/feather/*.feather"):
        yield path, DATA, path.name
    for path in _of("h5py", "tests/data_files/*.h5"):
        yield path, MODEL, path.name
    for path in _of("joblib", "test/data/*"):
        if path.suffix in (".pkl", *_PACKED):
            yield path, MODEL, f"{path.name}.pkl".replace(".pkl.pkl", ".pkl")
    for path in _of("scipy", "io/tests/data/*.wav"):
        yield path, DATA, path.name


FILES = list(_files())
# scipy's own broken ones: cut short, sizes or bits that contradict one another, samples that end early.
_BROKEN = ("early-eof", "incomplete-chunk", "inconsistent")
# Whole, and nothing our decoder reads: big-endian RIFX, whole numbers of more than 32 bits.
_UNREAD = ("-be-", "float-be", "-36bit", "-45bit", "-53bit", "-64bit.wav")
_UNDERSTATED = ("le-1ch-4bytes.wav",)  # the header forgets to count a chunk

# Compressed by joblib before 0.10 (2016): a format of its own, with its arrays in files beside it. Only joblib itself reads that.
_ANCIENT = ("0.8.4_compressed", "0.9.2_compressed", "0.9.4.dev0_compressed")


def _told(path: Path, slot: str, name: str, folder: Path) -> set[str]:
    with (folder / "pipe").open("wb") as pipe:
        told = examine_upload(path, name=name, slot=slot, pipe=pipe, feeding=False)
    return {finding["rule"] for finding in told["findings"]}


def test_the_libraries_bring_some_along() -> None:
    assert {path.suffix for path, _, _ in FILES} >= {".parquet", ".feather", ".h5", ".pkl", ".gz", ".wav"}
    assert len(FILES) > 70


@pytest.mark.parametrize(("path", "slot", "name"), FILES, ids=[path.name for path, _, _ in FILES])
def test_a_file_of_a_library(tmp_path: Path, path: Path, slot: str, name: str) -> None:
    told = _told(path, slot, name, tmp_path)
    if path.suffix == ".wav" and any(part in path.name for part in _BROKEN):
        assert told & {"format.truncated", "format.damaged"}
    elif path.suffix == ".wav" and any(part in path.name for part in _UNREAD):
        assert told == {"wav.codec"}
    elif path.suffix == ".wav" and any(part in path.name for part in _UNDERSTATED):
        assert told == {"wav.sizes"}
    elif any(version in path.name for version in _ANCIENT):
        assert told == {"format.mismatch"}
    else:
        assert told == set()


def test_nothing_that_picklescan_calls_dangerous_is_safe_for_us() -> None:
    from picklescan.scanner import _unsafe_globals as known

    listed = [(module, name) for module, told in known.items() for name in ({told} if isinstance(told, str) else told)]
    judged = {(module, name): names.judge(module, "anything" if name == "*" else name) for module, name in listed}
    assert len(judged) > 60
    assert [one for one, verdict in judged.items() if verdict == names.SAFE] == []
    # Two are judged by what they are given.
    assert {name for (_, name), verdict in judged.items() if verdict == names.UNKNOWN} <= {"partial", "itemgetter"}
