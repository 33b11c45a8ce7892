"""Text that no database keeps and no page can print, from every reader that hands such text out: the answer is an ordinary one (M5)."""

from __future__ import annotations

import json
import pickle
import tarfile
from dataclasses import asdict
from pathlib import Path

import h5py
import pytest

from backoffice.inspection import runner
from tests.corpus.pack import gzipped, tar_row, tarred, zipped

pytestmark = pytest.mark.jail

HALF = "\udcff\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
DIGITS = "1" * 2_000  # sends JSON to the parser in Python, which takes half pairs as they come


def _json() -> bytes:
    return f'[{DIGITS}, {{"\\ud800": "\\udc00\\u0000", "\\udc00": 1}}]'.encode()


def _tar() -> bytes:
    rows = [(f"a{HALF}.json", _json()), (tar_row(f"b{HALF}", tarfile.SYMTYPE, f"c{HALF}"), b""), (f"../d{HALF}", b"x")]
    return gzipped(tarred(rows, kind=tarfile.GNU_FORMAT))


def _zip() -> bytes:
    inner = gzipped(tarred([(f"глубже{HALF}.json", _json())]))
    return zipped({"a\1b.json": _json(), "вложен.tar.gz": inner})


def _h5(path: Path) -> bytes:
    with h5py.File(path, "w") as file:
        file.create_dataset(b"d\xff\xed\xa0\x80", data=[1.0, float("nan")])
        file.attrs[b"a\xff"] = b"\xff\xed"
        layer = {"class_name": "\ud800", "config": {"name": "\udc00"}}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})
        file[b"l\xff"] = h5py.ExternalLink(b"/tmp/\xff", b"/\xff")
    return path.read_bytes()


def _pickle() -> bytes:
    return pickle.dumps({"\ud800": "\0"}, 2)[:-1] + b"0c\xed\xa0\x80\nname\xff\n."


@pytest.mark.parametrize(
    ("name", "slot", "rules"),
    [
        ("a.json", "data_example", {"json.half_pair", "json.duplicate_keys"}),
        ("a.tar.gz", "data_example", {"archive.link", "archive.traversal", "json.half_pair", "json.duplicate_keys"}),
        ("a.zip", "data_example", {"archive.odd_name", "json.half_pair", "json.duplicate_keys"}),
        ("a.h5", "model_archive", {"h5.external", "h5.custom_layer"}),
        ("a.pkl", "model_archive", {"pickle.unknown_import"}),
    ],
)
def test_the_answer_is_an_ordinary_one(tmp_path: Path, name: str, slot: str, rules: set[str]) -> None:
    path = tmp_path / name
    made = {"a.json": _json, "a.tar.gz": _tar, "a.zip": _zip, "a.h5": lambda: _h5(tmp_path / "made.h5"), "a.pkl": _pickle}
    path.write_bytes(made[name]())
    seen = runner.inspect(path, slot=slot, name=name, antivirus=None)
    assert {finding.rule for finding in seen.findings} == rules
    told = json.dumps([asdict(one) for one in seen.findings] + [seen.preview, seen.facts], ensure_ascii=False, allow_nan=False)
    assert told.encode()
    assert "\\u0000" not in told
    assert seen.preview["kind"] != "none"


def test_a_member_is_called_the_same_in_the_tree_in_findings_and_by_its_preview(tmp_path: Path) -> None:
    """Otherwise a remark about it points nowhere."""
    (tmp_path / "a.zip").write_bytes(zipped({"a\1\N{RIGHT-TO-LEFT OVERRIDE}b.json": _json()}))
    seen = runner.inspect(tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None)
    names = {entry["name"] for entry in seen.preview["entries"]} | {one["name"] for one in seen.preview["members"]}
    assert names == {finding.member or finding.params["name"] for finding in seen.findings} == {"a\\x01\\x202eb.json"}
