"""Archives with a model, good ones and the kinds that moderation exists for (A10). What is hostile is put together at run time only."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import py7zr
from sklearn import datasets
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from backoffice.demo import examples, native, notebook

TEXTS = Path(__file__).parent / "texts"


@cache
def trained(name: str) -> Any:
    """A model really trained on one of scikit-learn's data sets, or on the demo's sales."""
    if name == "sales":
        rows = examples.sales()
        x = np.column_stack([rows["неделя"], rows["цена"], rows["акция"]])
        return GradientBoostingRegressor(n_estimators=60, random_state=1).fit(x, np.asarray(rows["продано"]))
    bunch: Any = getattr(datasets, f"load_{name}")()
    if name == "diabetes":
        return Ridge(alpha=0.1).fit(bunch.data, bunch.target)
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(bunch.data, bunch.target)


def pickled(name: str) -> bytes:
    """The trained model as a .pickle."""
    return pickle.dumps(trained(name), protocol=4)


def weights_h5(name: str = "wine") -> bytes:
    """The weights of a small trained network as .h5."""
    bunch: Any = getattr(datasets, f"load_{name}")()
    scaler = StandardScaler().fit(bunch.data)
    network = MLPClassifier((48,), max_iter=400, random_state=1, solver="lbfgs").fit(scaler.transform(bunch.data), bunch.target)
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file.attrs["описание"] = "Сорт винограда по составу вина, демонстрационная версия"
        file["scaler/mean"], file["scaler/scale"] = scaler.mean_, scaler.scale_
        for number, (kernel, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True), 1):
            file.create_dataset(f"dense_{number}/kernel", data=kernel, compression="gzip", fletcher32=True)
            file[f"dense_{number}/bias"] = bias
    return out.getvalue()


def library_members(function: str, *, data: str = "breast_cancer") -> dict[str, bytes]:
    """Compiled code for Linux and Windows, a manual and a licence. No sources."""
    step = trained(data)[-1]
    weights, offset = tuple(float(w) for w in step.coef_[0]), float(step.intercept_[0])
    members = {
        f"{function}.dll": native.library(f"{function}.dll", function, weights),
        "ПРОЧТИ.md": f"# {function}\n\nФункция `{function}(числа, количество)` возвращает оценку.\n".encode(),
        "LICENSE.md": (TEXTS / "terms-demo.md").read_bytes(),
    }
    built = native.shared_object(function, weights, offset)
    return members | ({f"lib{function}.so": built} if built else {})


def docker_members(title: str) -> dict[str, bytes]:
    """A Docker config: an image of nothing but a compiled server, or one to be pulled by its digest where nothing can be compiled."""
    server = native.server(title)
    readme = f"# {title}\n\n1. Положите снимки в папку `data`.\n2. `docker compose up`\n3. http://localhost:8888\n".encode()
    compose = 'services:\n  model:\n    {source}\n    ports:\n      - "8888:8888"\n    volumes:\n      - ./data:/data:ro\n    mem_limit: 512m\n'
    if server is None:
        image = "image: registry.mlplace.example/models/demo@sha256:" + "5b" * 32
        return {"compose.yaml": compose.format(source=image).encode(), "README.md": readme}
    dockerfile = 'FROM scratch\nCOPY --chmod=0755 server /server\nUSER 10001:10001\nEXPOSE 8888\nENTRYPOINT ["/server"]\n'
    return {
        "Dockerfile": dockerfile.encode(),
        "compose.yaml": compose.format(source="build: .").encode(),
        "server": server,
        "README.md": readme,
    }


def jupyter_zip() -> bytes:
    """A Jupyter with the author's own data as .zip; the plain server where nothing can be compiled."""
    return examples.zipped(notebook.members() or docker_members("Прогноз спроса"))


def seven_zip(members: dict[str, bytes]) -> bytes:
    """The members as .7z."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()


def tar_gz(members: dict[str, bytes]) -> bytes:
    """The members as .tar.gz."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), 0o755 if name == "server" else 0o644, 1_788_253_200
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def infected_zip() -> bytes:
    """A library with the EICAR test file beside it: harmless, and every antivirus cries."""
    parts = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE", "!$H+H*")
    return examples.zipped({**library_members("segment"), "setup/helper.bin": "".join(parts).encode()})


def hostile_pickle() -> bytes:
    """A pickle that would run a command when loaded. Nothing here loads it."""
    command = "echo 'демонстрация: так не надо'"
    return b"cos\nsystem\n(V" + command.encode("raw_unicode_escape") + b"\ntR."


def sources_zip() -> bytes:
    """What must not be sent: the code itself, a notebook and somebody's key."""
    code = (
        "import sys\nfrom pathlib import Path\n\n\ndef count(folder):\n"
        "    return sum(1 for _ in Path(folder).glob('*.png'))\n\n\nif __name__ == '__main__':\n    print(count(sys.argv[1]))\n"
    )
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": ["from visitors import count"],
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    return examples.zipped(
        {
            "visitors/count.py": code.encode(),
            "visitors/__init__.py": b"from visitors.count import count\n",
            "обучение.ipynb": json.dumps(notebook).encode(),
            "requirements.txt": b"opencv-python\n",
        }
    )


def encrypted_zip() -> bytes:
    """A library behind a password that nobody was told."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in library_members("telemetry").items():
            (Path(folder) / name).write_bytes(data)
        target = Path(folder) / "model.zip"
        names = [path.name for path in Path(folder).iterdir()]
        subprocess.run(
            ["7zz", "a", "-tzip", "-bd", "-pskvazhina-7", str(target), *names], cwd=folder, check=True, capture_output=True
        )
        return target.read_bytes()
