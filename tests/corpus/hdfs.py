"""HDF5 models for the corpus, as h5py and Keras write them, and as nobody should."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from backoffice.demo.archives import weights_h5
from tests.corpus.case import Case
from tests.corpus.pickles import Calls

MODEL = "model_archive"
WEIGHTS = np.arange(40_000, dtype="f4").reshape(200, 200)


def made(fill: Callable[[h5py.File], None], **opening: Any) -> bytes:
    """A file that ``fill`` wrote into. In a folder of its own: some features need a real file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        with h5py.File(path, "w", **opening) as file:
            fill(file)
        return path.read_bytes()


def _plain(file: h5py.File) -> None:
    file.attrs["описание"] = "Модель «Ёжик»"
    group = file.create_group("слой_1")
    group.create_dataset("веса", data=WEIGHTS, compression="gzip", chunks=(50, 50))
    group["смещение"] = WEIGHTS[0]


def _filters(file: h5py.File) -> None:
    file.create_dataset("a", data=WEIGHTS, compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("b", data=WEIGHTS, compression="szip")
    file.create_dataset("c", data=WEIGHTS.astype("i4"), scaleoffset=0)
    file.create_dataset("d", data=WEIGHTS)


def _types(file: h5py.File) -> None:
    file["строки"] = np.array(["да", "нет", "Ёж"], dtype=object)
    file["запись"] = np.zeros(5, dtype=[("имя", "S10"), ("x", "f8")])
    file["пусто"] = h5py.Empty("f4")
    file["ничего"] = np.zeros((0, 4))
    file["число"] = 3.5
    file["неровные"] = np.array([np.arange(2), np.arange(5)], dtype=h5py.vlen_dtype("i4"))
    file["ссылка"] = np.array([file["число"].ref], dtype=h5py.ref_dtype)
    file["снова"] = file["число"]
    file["мягкая"] = h5py.SoftLink("/число")


def _cycle(file: h5py.File) -> None:
    group = file.create_group("a/b")
    group["снова"] = file["a"]
    file["веса"] = WEIGHTS


def layer(kind: str, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    """One layer as Keras 3 describes it."""
    told = {"name": kind.lower(), "trainable": True, **config}
    return {
        "module": module,
        "class_name": kind,
        "config": told,
        "registered_name": None if module.startswith("keras") else f"my>{kind}",
    }


def keras(*layers: Mapping[str, Any]) -> bytes:
    """A whole model as ``model.save("model.h5")`` writes it."""

    def fill(file: h5py.File) -> None:
        first = layer("InputLayer", batch_shape=[None, 200])
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": [first, *layers]}}
        )
        file.attrs["keras_version"], file.attrs["backend"] = "3.8.0", "tensorflow"
        file.create_dataset("model_weights/dense/kernel", data=WEIGHTS)

    return made(fill)


_LAMBDA = layer(
    "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}
)
_OLD = {"class_name": "Lambda", "config": {"name": "lambda_1", "trainable": True, "function": ["4wAAAA==", None, None]}}
_WRITES = {
    "class_name": "TFOpLambda",
    "config": {"name": "tf.io.write_file", "trainable": True, "function": "io.write_file"},
    "inbound_nodes": [],
}
_ADDS = {
    "class_name": "TFOpLambda",
    "config": {"name": "tf.math.add", "trainable": True, "function": "math.add"},
    "inbound_nodes": [],
}


def _outside(file: h5py.File) -> None:
    file.create_dataset("веса", shape=(100,), dtype="u1", external=[("/etc/passwd", 0, 100)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(10,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(10,))
    file.create_virtual_dataset("веса", layout)


def _linked(file: h5py.File) -> None:
    file["веса"] = h5py.ExternalLink("/etc/passwd", "/root")


def _swelling(file: h5py.File) -> None:
    file.create_dataset("нули", shape=(1 << 20, 1 << 20), dtype="f8", chunks=(64, 64), compression="gzip")


def _wide_chunk(file: h5py.File) -> None:
    file.create_dataset("нули", data=np.zeros(90_000_000, dtype="f4"), chunks=(90_000_000,), compression="gzip")


def _attribute(value: bytes) -> Callable[[h5py.File], None]:
    def fill(file: h5py.File) -> None:
        file.attrs["extra"] = np.bytes_(value)

    return fill


def _pickled_rows(file: h5py.File) -> None:
    file["объекты"] = np.frombuffer(pickle.dumps(Calls(eval, "1")), dtype="u1")


def _unknown_filter() -> bytes:
    """The name and number of gzip's filter replaced by a plugin's: the header of version 1 keeps them in the open."""
    whole = made(lambda file: file.create_dataset("a", data=WEIGHTS, compression="gzip"))
    return whole.replace(b"\x01\0\x08\0\x01\0\x01\0deflate\0", b"\x0d\x7d\x08\0\x01\0\x01\0foreign\0")


def _with_a_start() -> bytes:
    return made(_plain, userblock_size=512).replace(bytes(64), b"<?php system('id');" + b" " * 45, 1)


def _flipped() -> bytes:
    whole = bytearray(made(_filters))
    at = whole.index(b"\x78\x5e") if b"\x78\x5e" in whole else whole.index(b"\x78\x9c")
    whole[at + 40] ^= 0x5A
    return bytes(whole)


def _case(name: str, data: Callable[[], bytes], verdict: str = "pass", *rules: str) -> Case:
    def build(path: Path) -> None:
        path.write_bytes(data())

    return Case(name, MODEL, build, verdict, rules)


CASES = (
    _case("веса.h5", weights_h5),
    _case("веса-сжатые.h5", lambda: made(_plain)),
    _case("веса-новый-формат.h5", lambda: made(_plain, libver="latest")),
    _case("все-фильтры.h5", lambda: made(_filters)),
    _case("все-типы.h5", lambda: made(_types)),
    _case("петля.h5", lambda: made(_cycle)),
    _case("пустой-файл-hdf5.h5", lambda: made(lambda file: None)),
    _case("keras.h5", lambda: keras(layer("Dense", units=10, activation="relu"), layer("Dropout", rate=0.5), _ADDS)),
    _case("pandas.h5", lambda: made(_attribute(pickle.dumps(["a", "b"], 0)))),
    # warns
    _case("свой-слой.h5", lambda: keras(layer("Ёжик", module="my_layers")), "warn", "h5.custom_layer"),
    _case("чужой-фильтр.h5", _unknown_filter, "warn", "h5.filter"),
    _case("хвост.h5", lambda: made(_plain) + b"made by hand", "warn", "format.trailing"),
    # hostile
    _case("внешняя-ссылка.h5", lambda: made(_linked), "reject", "h5.external"),
    _case("внешнее-хранение.h5", lambda: made(_outside), "reject", "h5.external"),
    _case("виртуальный-набор.h5", lambda: made(_virtual), "reject", "h5.virtual"),
    _case("lambda.h5", lambda: keras(layer("Dense", units=1), _LAMBDA), "reject", "h5.lambda"),
    _case("lambda-keras-2.h5", lambda: keras(_OLD), "reject", "h5.lambda"),
    _case("запись-файла.h5", lambda: keras(_WRITES), "reject", "h5.lambda"),
    _case("pickle-в-атрибуте.h5", lambda: made(_attribute(pickle.dumps(Calls(eval, "1"), 4))), "reject", "h5.pickle"),
    _case("pickle-протокола-0.h5", lambda: made(_attribute(b"cos\nsystem\n(S'id'\ntR.")), "reject", "h5.pickle"),
    _case("pickle-в-данных.h5", lambda: made(_pickled_rows), "reject", "h5.pickle"),
    _case("бомба.h5", lambda: made(_swelling), "reject", "h5.bomb"),
    _case("бомба-блок.h5", lambda: made(_wide_chunk), "reject", "h5.bomb"),
    _case("и-zip-и-h5.h5", lambda: made(_plain) + b"PK\3\4" + bytes(100), "reject", "format.hidden"),
    _case("данные-в-начале.h5", _with_a_start, "reject", "format.hidden"),
    # damaged
    _case("обрезан.h5", lambda: made(_plain)[:-2000], "reject", "format.truncated"),
    _case("сбит-блок.h5", _flipped, "reject", "format.damaged"),
    _case("сбито-оглавление.h5", lambda: made(_plain).replace(b"TREE", b"TRUE"), "reject", "format.damaged"),
    _case("текст.h5", "Это не модель\n".encode, "reject", "format.mismatch"),
    _case("пусто.h5", lambda: b"", "reject", "format.empty"),
)  # fmt: skip
