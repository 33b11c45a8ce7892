"""Pickles are followed opcode by opcode and never loaded (A10, M5)."""

from __future__ import annotations

import functools
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from backoffice.inspection.formats import _pickle_names as names
from tests.corpus import pickles
from tests.corpus.case import Case
from tests.inspection.formats.examining import examine, examine_bytes

CASES = [case for case in pickles.CASES if not {"format.mismatch", "format.empty"} & set(case.rules)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pickle_earns_its_findings_and_no_others(case: Case, tmp_path: Path) -> None:
    case.build(tmp_path / case.name)
    seen = examine(tmp_path / case.name, slot=case.slot)
    assert seen.rules == set(case.rules), seen.report.findings


def test_what_joblib_packed_goes_to_the_antivirus_unpacked(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "m.pkl", pickles.by_joblib({"a": b"marker" * 50}, 3), slot="model_archive")
    assert b"marker" * 50 in seen.fed["pickle"]
    assert seen.report.coverage.scanned == 1


def test_the_moderator_sees_imports_and_opcodes(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "m.pickle", b"cos\nsystem\n(S'id'\ntR.", slot="model_archive")
    assert (seen.report.preview["imports"], seen.report.preview["verdicts"]) == (["os.system"], {"os.system": "dangerous"})
    assert "GLOBAL" in seen.report.preview["disassembly"][0]


def test_a_bomb_in_a_packed_pickle_stops_early(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "m.pkl", pickles.by_joblib(np.zeros(30_000_000), 3), slot="model_archive")
    assert seen.rules == {"pickle.bomb"}


def test_a_million_small_things_put_aside_are_no_bomb(tmp_path: Path) -> None:
    many = b"\x80\x04(" + b"\x8c\x02ab\x94" * 1_100_000 + b"1N."
    assert examine_bytes(tmp_path, "m.pickle", many, slot="model_archive").rules == set()


def test_a_name_put_aside_long_ago_is_still_known(tmp_path: Path) -> None:
    """Beyond the texts that are kept as such, and by another number than its turn."""
    words = b"".join(b"\x8c\x06%06d\x94" % number for number in range(20_000))
    early = b"\x80\x04(\x8c\x05posix\x94\x8c\x06system\x94" + words + b"1"
    by_turn = early + b"h\x00h\x01\x93\x8c\x02id\x85R."
    by_number = early + b"\x8c\x05posixr\x40\x42\x0f\x000j\x40\x42\x0f\x00h\x01\x93\x8c\x02id\x85R."
    replaced = early + b"\x8c\x04evil0\x8c\x05posixq\x070h\x07h\x01\x93\x8c\x02id\x85R."
    for data in (by_turn, by_number, replaced):
        assert "pickle.dangerous" in examine_bytes(tmp_path, "m.pickle", data, slot="model_archive").rules


@pytest.mark.parametrize("size", [1, 100, 5_000])
def test_every_cut_of_a_good_pickle_is_refused(size: int, tmp_path: Path) -> None:
    whole = pickle.dumps({"w": np.arange(900.0), "имя": "Ёж"}, 4)
    seen = examine_bytes(tmp_path, "m.pickle", whole[: len(whole) - size], slot="model_archive")
    assert seen.rules & {"format.truncated", "format.damaged"}


@pytest.mark.parametrize(
    "name",
    ["os.system", "subprocess.Popen", "builtins.eval", "__builtin__.eval", "sklearn.utils.os.popen", "nt.system", "torch.hub.load", "numpy.load",
     "importlib.import_module", "types.CodeType", "cloudpickle.cloudpickle._make_function", "webbrowser.open", "runpy.run_path"],
)  # fmt: skip
def test_known_ways_to_run_code_are_dangerous(name: str) -> None:
    module, _, last = name.rpartition(".")
    assert names.judge(module, last) == names.DANGEROUS


@pytest.mark.parametrize(
    "name",
    ["numpy.core.multiarray._reconstruct", "sklearn.tree._tree.Tree", "collections.OrderedDict", "pandas.core.frame.DataFrame"],
)
def test_ordinary_restorers_are_known(name: str) -> None:
    module, _, last = name.rpartition(".")
    assert names.judge(module, last) == names.SAFE


def test_an_authors_own_class_is_unknown_not_dangerous() -> None:
    assert names.judge("weldnet.model", "Net") == names.UNKNOWN


def test_a_partial_is_as_dangerous_as_what_it_is_given(tmp_path: Path) -> None:
    harmless = examine_bytes(tmp_path, "a.pickle", pickle.dumps(functools.partial(np.mean, axis=0), 4), slot="model_archive")
    hostile = examine_bytes(tmp_path, "b.pickle", pickle.dumps(functools.partial(os.system, "id"), 4), slot="model_archive")
    assert harmless.rules == {"pickle.unknown_import"}
    assert "pickle.dangerous" in hostile.rules
