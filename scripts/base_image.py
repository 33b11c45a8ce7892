"""A base image with Python for the sandbox, made from this machine's own Debian packages: no registry is needed.

``python -m scripts.base_image ADDRESS`` puts ``mlplace/python:3.11`` on an engine. The demo and the tests stand on it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, Any

NAME, TAG = "mlplace/python", "3.11"
IMAGE = f"{NAME}:{TAG}"
PACKAGES = (
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libc-bin", "zlib1g", "libexpat1", "libssl3", "libffi8",
    "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1", "libcrypt1", "libreadline8", "libtinfo6", "libncursesw6", "dash", "coreutils",
    "libacl1", "libattr1", "libselinux1", "libpcre2-8-0", "libgmp10", "libstdc++6", "libgcc-s1",
)  # fmt: skip
LINKS = {
    "bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "usr/bin/python3": "python3.11", "usr/bin/python": "python3.11",
    "usr/bin/sh": "dash",
}  # fmt: skip
FOLDERS = {
    "tmp": 0o1777,
    "proc": 0o755,
    "sys": 0o755,
    "dev": 0o755,
    "etc": 0o755,
    "run": 0o755,
    "usr/bin": 0o755,
    "usr/lib64": 0o755,
}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
}


class NoBase(RuntimeError):  # noqa: N818  (an answer about this machine)
    """This machine is no Debian 12 with its Python installed."""


@cache
def _paths() -> tuple[Path, ...]:
    """What the packages hold, at its real place (Debian's old paths are links)."""
    found = subprocess.run(["dpkg", "-L", *PACKAGES], capture_output=True, text=True, check=False).stdout
    rows = [Path(row) for row in found.splitlines() if row.startswith("/") and "/share/" not in row]
    real = {row.parent.resolve() / row.name for row in rows}
    if Path("/usr/bin/python3.11") not in real:
        raise NoBase("apt-get install python3.11")
    return tuple(sorted(path for path in real if (path.is_symlink() or path.is_file()) and str(path)[1:] not in LINKS))


def write(sink: IO[bytes]) -> None:
    """The root filesystem as a tar."""
    with tarfile.open(fileobj=sink, mode="w") as out:
        for name, mode in FOLDERS.items():
            _add(out, name, tarfile.DIRTYPE, mode=mode)
        for name, target in LINKS.items():
            _add(out, name, tarfile.SYMTYPE, link=target)
        for name, text in FILES.items():
            with tempfile.TemporaryFile() as source:
                source.write(text.encode())
                source.seek(0)
                _add(out, name, tarfile.REGTYPE, size=len(text), source=source)
        for path in _paths():
            out.add(path, arcname=str(path)[1:], recursive=False)


def _add(
    out: tarfile.TarFile,
    name: str,
    kind: bytes,
    *,
    mode: int = 0o644,
    link: str = "",
    size: int = 0,
    source: IO[bytes] | None = None,
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname, info.size = kind, mode, link, size
    out.addfile(info, source)


def provide(api: Any) -> str:
    """Put the image on an engine if it is not there; its name."""
    from docker.errors import ImageNotFound

    try:
        api.inspect_image(IMAGE)
    except ImageNotFound:
        with tempfile.NamedTemporaryFile(suffix=".tar") as sink:
            write(sink)  # type: ignore[arg-type]  # a named file is an IO[bytes] in all but type
            sink.flush()
            api.import_image_from_file(
                sink.name, repository=NAME, tag=TAG, changes=["ENV PATH=/usr/bin:/bin", "ENV LANG=C.UTF-8"]
            )
    return IMAGE


if __name__ == "__main__":
    from backoffice.inspection.sandbox import reaper

    with reaper.kept(sys.argv[1], seconds=1_800) as client:
        print(provide(client))
