"""Pickles for the corpus. They are written here and never loaded."""

from __future__ import annotations

import collections
import datetime as dt
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import joblib
import numpy as np
import pyarrow as pa
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.corpus import scanners
from tests.corpus.case import Case

MODEL = "model_archive"
WEIGHTS = np.arange(600, dtype="f4").reshape(20, 30)


class Calls:
    """An object whose pickle calls ``what(*arguments)`` when loaded."""

    def __init__(self, what: Callable[..., Any], *arguments: Any) -> None:
        self.what, self.arguments = what, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.what, self.arguments


def forest() -> Any:
    """A small trained pipeline."""
    rows = np.random.default_rng(1).random((60, 4))
    return make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(rows, rows[:, 0] > 0.5)


def in_lz4(data: bytes) -> bytes:
    """One LZ4 frame, as joblib makes it where it finds python-lz4."""
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "lz4") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


def by_joblib(value: Any, compress: Any = 0) -> bytes:
    """As ``joblib.dump`` writes it."""
    out = io.BytesIO()
    joblib.dump(value, out, compress=compress)
    return out.getvalue()


def legacy_torch(storage: bytes = bytes(16)) -> bytes:
    """The layout of torch.save before 1.6: four pickles, the list of storages, raw numbers; no torch is needed to write it."""
    magic, protocol = pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2)
    tensor = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04NtQK\x00K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR."  # noqa: E501
    return magic + protocol + pickle.dumps({"little_endian": True}, 2) + tensor + pickle.dumps(["0"], 2) + storage


def _surprise() -> bytes:
    return legacy_torch().replace(b"ccollections\nOrderedDict\n)R", b"cos\ngetcwd\n)R")


_LOADS = {n: scanners.named("torch.storage", "_load_from_bytes", n) for n in (2, 3, 4)}


def tensor(data: bytes, protocol: int) -> bytes:
    """What ``pickle.dumps`` makes of a torch tensor whose storage ``torch.save`` wrote as ``data``."""
    given = pickle.dumps((data,), 2)[2:-1] if protocol == 2 else scanners.body((data,))
    return scanners.started(protocol, _LOADS[protocol], given, b"R")


def _case(name: str, data: bytes | Callable[[], bytes], verdict: str = "pass", *rules: str) -> Case:
    def build(path: Path) -> None:
        path.write_bytes(data if isinstance(data, bytes) else data())

    return Case(name, MODEL, build, verdict, rules)


_ORDINARY = {
    "имя": "Ёжик",
    "веса": [0.5] * 3000,
    "классы": ("да", "нет"),
    "когда": dt.datetime(2026, 3, 1, tzinfo=ZoneInfo("Europe/Moscow")),
}
_DANGEROUS, _HIDDEN, _BOMB = "pickle.dangerous", "pickle.hidden_import", "pickle.bomb"

CASES = (
    *(_case(f"словарь-протокол-{n}.pickle", lambda n=n: pickle.dumps(_ORDINARY, n)) for n in range(6)),
    _case("лес.pickle", lambda: pickle.dumps(forest(), 4)),
    _case("лес-протокол-2.pkl", lambda: pickle.dumps(forest(), 2)),
    _case("регрессия-joblib.pkl", lambda: by_joblib(LinearRegression().fit(WEIGHTS, WEIGHTS[:, 0]))),
    _case("лес-joblib-zlib.pkl", lambda: by_joblib(forest(), 3)),
    _case("лес-joblib-xz.pkl", lambda: by_joblib(forest(), ("xz", 3))),
    _case("матрица-joblib-gzip.pkl", lambda: by_joblib(WEIGHTS, ("gzip", 3))),
    _case("лес-joblib-lz4.pkl", lambda: in_lz4(by_joblib(forest()))),
    _case("строки-joblib.pkl", lambda: by_joblib({"a": np.array(["да", None], dtype=object), "b": WEIGHTS})),
    _case("разреженная.pickle", lambda: pickle.dumps(sparse.csr_matrix(WEIGHTS), 4)),
    _case("веса-torch.pickle", legacy_torch),
    *(_case(f"тензор-протокол-{n}.pickle", lambda n=n: tensor(legacy_torch(), n)) for n in (2, 3, 4)),
    _case("два-подряд.pickle", pickle.dumps(1) + pickle.dumps({"a": 2})),
    _case("счётчик.pickle", pickle.dumps(collections.Counter("модель"), 4)),
    # warns
    _case("свой-класс.pickle", b"\x80\x02cmynet.layers\nNet\n)\x81}X\x01\x00\x00\x00wK\x01sb.", "warn", "pickle.unknown_import"),
    _case("хвост.pickle", pickle.dumps(WEIGHTS) + b"123", "warn", "format.trailing"),
    _case("внешние-данные.pickle", b"\x80\x02X\x01\x00\x00\x00aQ.", "warn", "pickle.persistent"),
    # hostile
    _case("system.pickle", b"cos\nsystem\n(S'id'\ntR.", "reject", _DANGEROUS),
    _case("system-протокол-4.pickle", b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x02id\x85R.", "reject", _DANGEROUS),
    _case("system-экранирован.pickle", b"Vo\\u0073\nVsystem\n\x93(S'id'\ntR.", "reject", _DANGEROUS),
    _case("system-inst.pickle", b"(S'id'\nios\nsystem\n.", "reject", _DANGEROUS),
    _case("system-obj.pickle", b"(cos\nsystem\nS'id'\no.", "reject", _DANGEROUS),
    _case("eval.pickle", lambda: pickle.dumps(Calls(eval, "1+1"), 4), "reject", _DANGEROUS),
    _case("getattr.pickle", b"cbuiltins\ngetattr\n(ccollections\nOrderedDict\nS'__init__'\ntR.", "reject", _DANGEROUS),
    _case("вложенный-pickle.pickle", lambda: pickle.dumps(Calls(pickle.loads, b"N."), 4), "reject", _DANGEROUS),
    _case("обход-точками.pickle", b"\x80\x04\x8c\x0dsklearn.utils\x8c\x0ffixes.os.system\x93.", "reject", _DANGEROUS),
    _case("класс-переписан.pickle", b"ccollections\nOrderedDict\n}b.", "reject", _DANGEROUS),
    _case("после-вреда-обрыв.pickle", b"cos\nsystem\n(S'id'\ntR\xff", "reject", _DANGEROUS, "format.damaged"),
    _case("лес-с-сюрпризом-joblib.pkl", lambda: by_joblib([forest(), Calls(exec, "pass")], 3), "reject", _DANGEROUS),
    _case("сюрприз-в-lz4.pkl", lambda: in_lz4(by_joblib([forest(), Calls(exec, "pass")])), "reject", _DANGEROUS),
    _case("обрезан-lz4.pkl", lambda: in_lz4(by_joblib(forest()))[:-40], "reject", "format.damaged"),
    _case("хвост-lz4.pkl", lambda: in_lz4(by_joblib(forest())) + b"and some more", "reject", "format.damaged"),
    _case("второй-опасен.pickle", pickle.dumps(1) + b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00idtR.", "reject", _DANGEROUS),
    _case("torch-с-сюрпризом.pickle", _surprise, "reject", _DANGEROUS),
    *(_case(f"тензор-с-сюрпризом-{n}.pickle", lambda n=n: tensor(_surprise(), n), "reject", _DANGEROUS) for n in (2, 3, 4)),
    _case("тензор-непонятный.pickle", lambda: tensor(b"abc" * 100, 4), "reject", _DANGEROUS),
    _case("тензор-в-тензоре.pickle", lambda: tensor(tensor(legacy_torch(), 3), 3), "reject", _DANGEROUS, "format.truncated"),
    _case("тензор-иначе.pickle", lambda: scanners.started(4, _LOADS[4], b")R"), "reject", _DANGEROUS),
    _case("вычисленное-имя.pickle", b"\x80\x04\x8c\x01o\x8c\x01s\x86\x8c\x06system\x93.", "reject", _HIDDEN),
    _case("расширение.pickle", b"\x80\x02\x82\x01.", "reject", _HIDDEN),
    _case("память-bytearray.pickle", lambda: pickle.dumps(Calls(bytearray, 10**12), 4), "reject", _BOMB),
    _case("память-range.pickle", lambda: pickle.dumps(Calls(list, range(10**11)), 4), "reject", _BOMB),
    _case("память-memo.pickle", b"\x80\x04Nr\xff\xff\xff\xff.", "reject", _BOMB),
    # damaged
    _case("обрезан.pickle", lambda: pickle.dumps(forest(), 4)[:-300], "reject", "format.truncated"),
    _case("обрезан-протокол-2.pickle", pickle.dumps(WEIGHTS, 2)[:-50], "reject", "format.truncated"),
    _case("обрезан-joblib.pkl", lambda: by_joblib(forest(), 3)[:-40], "reject", "format.truncated"),
    _case("без-stop.pickle", pickle.dumps(1, 2)[:-1], "reject", "format.truncated"),
    _case("неизвестный-опкод.pickle", b"\x80\x02\xff.", "reject", "format.damaged"),
    _case("пустой-стек.pickle", b"\x80\x02R.", "reject", "format.damaged"),
    _case("и-zip-и-pickle.pickle", pickle.dumps(1) + b"PK\x05\x06" + bytes(18), "reject", "format.hidden"),
    _case("текст.pickle", "Это не модель.\n".encode(), "reject", "format.mismatch"),
    _case("пусто.pickle", b"", "reject", "format.empty"),
    _case("снимок.pickle", b"\x89PNG\r\n\x1a\n" + bytes(30), "reject", "format.mismatch"),
)  # fmt: skip
