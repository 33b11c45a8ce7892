"""A real Jupyter for the demo and the tests: its pinned wheels from the package index, put on the base image of ``scripts.base_image``.

``python -m scripts.jupyter_image ADDRESS [FOLDER]`` puts ``mlplace/jupyter:7`` on an engine, which may still be starting, and then has the
demos tried that waited for it; wheels are kept in FOLDER for the next time. ``make run`` starts it beside the product. Exit code 1, with words:
this machine cannot make the image.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from backoffice.inspection.sandbox.client import ENGINE_ERRORS, Infrastructure, connected
from scripts import base_image

NAME, TAG = "mlplace/jupyter", "7"
IMAGE = f"{NAME}:{TAG}"
PYTHON = "3.11.2"  # of Debian 12, which the base image is made of
PINNED = Path(__file__).with_name("jupyter.txt")
FOR_IMAGE = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", PYTHON, "--requirement", str(PINNED))
HOME = "/opt/jupyter"
VARIABLES = {
    "PATH": f"{HOME}/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": HOME,
    "JUPYTER_PATH": f"{HOME}/share/jupyter",
    "JUPYTER_CONFIG_PATH": f"{HOME}/etc/jupyter",
    "JUPYTERLAB_DIR": f"{HOME}/share/jupyter/lab",
}
PATIENCE = 600  # seconds for the package index
STARTS = 60.0  # seconds for the engine


class NoWheels(RuntimeError):  # noqa: N818  (an answer about this machine)
    """The package index cannot be reached, and the wheels are not in the folder."""


def wheels(folder: Path) -> Path:
    """A folder with the wheels of Jupyter and everything it needs, downloaded once for each set of pins."""
    kept = folder / hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]
    done = kept / "complete"
    if not done.exists():
        kept.mkdir(parents=True, exist_ok=True)
        _pip("download", "--dest", str(kept), *FOR_IMAGE)
        done.touch()
    return kept


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise NoWheels(f"pip: > {PATIENCE} s") from error
    if done.returncode:
        raise NoWheels((done.stderr.strip().splitlines() or ["pip"])[-1])


def provide(api: Any, folder: Path) -> str:
    """Put the image on an engine if it is not there; its name. ``NoWheels`` and ``base_image.NoBase`` say what this machine lacks."""
    if not _is_there(api):
        with tempfile.TemporaryDirectory() as scratch:
            _load(api, pack(wheels(folder), Path(scratch)))
    return IMAGE


def _is_there(api: Any) -> bool:
    from docker.errors import ImageNotFound

    with suppress(ImageNotFound):
        api.inspect_image(IMAGE)
        return True
    return False


def pack(folder: Path, scratch: Path) -> Path:
    """The image's root filesystem as a tar in ``scratch``, made of the wheels in ``folder``. Needs no engine."""
    _pip("install", "--no-index", "--no-compile", "--find-links", str(folder), "--target", str(scratch / "jupyter"), *FOR_IMAGE)
    with (scratch / "image.tar").open("wb") as sink:
        base_image.write(sink)
    with tarfile.open(scratch / "image.tar", "a") as out:
        out.add(scratch / "jupyter", arcname=HOME[1:], filter=_plain)
    return scratch / "image.tar"


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return None if info.name.endswith((".map", "/tests", "/test")) or "/bin/" in info.name else info


def _load(api: Any, image: Path) -> None:
    changes = [f"ENV {name}={value}" for name, value in VARIABLES.items()]
    api.import_image_from_file(str(image), repository=NAME, tag=TAG, changes=changes)


def _await(address: str) -> bool:
    """Wait for an engine that is starting; whether the image is on it already."""
    until, pause = time.monotonic() + STARTS, threading.Event()
    while True:
        try:
            with connected(address, timeout=20) as api:
                return _is_there(api)
        except (Infrastructure, *ENGINE_ERRORS):
            if time.monotonic() > until:
                raise
        pause.wait(0.5)


def main(address: str, folder: Path) -> int:
    """Everything slow happens before the engine is taken: attempts meanwhile wait for the import alone."""
    from backoffice.inspection.sandbox import reaper

    try:
        if not _await(address):
            with tempfile.TemporaryDirectory() as scratch:
                image = pack(wheels(folder), Path(scratch))
                with reaper.kept(address, seconds=1_800) as api:
                    _load(api, image)
    except (NoWheels, base_image.NoBase, Infrastructure, *ENGINE_ERRORS) as problem:
        print(f"{IMAGE}: {problem}")
        return 1
    print(IMAGE)
    return subprocess.run([sys.executable, "-m", "flask", "sandbox", "retry"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "var/wheels")))
