"""A real Jupyter for the demo and the tests: its wheels from the package index, put on the base image of ``scripts.base_image``.

``python -m scripts.jupyter_image ADDRESS [FOLDER]`` puts ``mlplace/jupyter:7`` on an engine; wheels are kept in FOLDER for the next time.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from scripts import base_image

NAME, TAG = "mlplace/jupyter", "7"
IMAGE = f"{NAME}:{TAG}"
WANTED = ("notebook==7.*",)
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


class NoWheels(RuntimeError):  # noqa: N818  (an answer about this machine)
    """The package index cannot be reached, and the wheels are not in the folder."""


def wheels(folder: Path) -> Path:
    """A folder with the wheels of Jupyter and everything it needs; downloaded once."""
    done = folder / "complete"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    _pip("download", "--quiet", "--only-binary=:all:", "--dest", str(folder), *WANTED)
    done.touch()
    return folder


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise NoWheels(f"pip: > {PATIENCE} s") from error
    if done.returncode:
        raise NoWheels((done.stderr.strip().splitlines() or ["pip"])[-1])


def provide(api: Any, folder: Path) -> str:
    """Put the image on an engine if it is not there; its name."""
    from docker.errors import ImageNotFound

    try:
        api.inspect_image(IMAGE)
    except ImageNotFound:
        with tempfile.TemporaryDirectory() as scratch:
            _import(api, wheels(folder), Path(scratch))
    return IMAGE


def _import(api: Any, folder: Path, scratch: Path) -> None:
    _pip(
        "install",
        "--quiet",
        "--no-index",
        "--no-compile",
        "--find-links",
        str(folder),
        "--target",
        str(scratch / "jupyter"),
        *WANTED,
    )
    with (scratch / "image.tar").open("wb") as sink:
        base_image.write(sink)
    with tarfile.open(scratch / "image.tar", "a") as out:
        out.add(scratch / "jupyter", arcname=HOME[1:], filter=_plain)
    changes = [f"ENV {name}={value}" for name, value in VARIABLES.items()]
    api.import_image_from_file(str(scratch / "image.tar"), repository=NAME, tag=TAG, changes=changes)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return None if info.name.endswith((".map", "/tests", "/test")) or "/bin/" in info.name else info


if __name__ == "__main__":
    from backoffice.inspection.sandbox import reaper

    with reaper.kept(sys.argv[1], seconds=1_800) as client:
        print(provide(client, Path(sys.argv[2] if len(sys.argv) > 2 else "var/wheels")))
