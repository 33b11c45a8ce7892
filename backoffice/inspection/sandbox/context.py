"""The build context: plain files of one folder of the unpacked archive, as the Dockerfile's rewriting wants them."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from backoffice.inspection.sandbox.plan import Recipe

DOCKERFILE = ".mlplace.Dockerfile"


@contextmanager
def packed(folder: Path, recipe: Recipe) -> Iterator[IO[bytes]]:
    """The context as a tar, on disk while it lasts: what ``.dockerignore`` leaves, the rewritten Dockerfile, and files of heredocs."""
    root = folder / recipe.context
    with tempfile.TemporaryFile() as sink:
        with tarfile.open(fileobj=sink, mode="w") as out:
            for name in _members(root, recipe):
                _add(out, root, name, recipe)
            for name, text in {DOCKERFILE: recipe.text, **recipe.extra}.items():
                data, info = text.encode(), tarfile.TarInfo(name)
                info.size, info.mode = len(data), _mode(recipe, name) or 0o644
                out.addfile(info, io.BytesIO(data))
        sink.seek(0)
        yield sink


def kept(root: Path, most: int) -> list[str] | None:
    """What the folder's ``.dockerignore`` leaves, of which so many bytes are read; None when there is none.

    Inside the jail only: a pattern can take for ever.
    """
    path = root / ".dockerignore"
    if not path.is_file():
        return None
    from docker.utils.build import exclude_paths

    rows = path.read_bytes()[:most].decode(errors="replace").splitlines()
    return sorted(exclude_paths(str(root), [row.strip() for row in rows if row.strip() and not row.startswith("#")]))


def _members(root: Path, recipe: Recipe) -> list[str]:
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    left = None if recipe.kept is None else set(recipe.kept)
    return [name for name in found if left is None or name in left]


def _add(out: tarfile.TarFile, root: Path, name: str, recipe: Recipe) -> None:
    path = root / name
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return  # unpacking lets neither through; a context must not depend on that
    info = out.gettarinfo(str(path), arcname=name)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = _mode(recipe, name) or (0o755 if path.is_dir() or info.mode & 0o111 else 0o644)
    if path.is_file():
        with path.open("rb") as source:
            out.addfile(info, source)
    else:
        out.addfile(info)


def _mode(recipe: Recipe, name: str) -> int:
    """The mode that ``COPY --chmod`` wants for this file; 0 when it says nothing. The classic builder does not know the flag."""
    for source, mode in recipe.modes.items():
        if source in ("", ".") or name == source or name.startswith(source + "/") or fnmatchcase(name, source):
            return mode
    return 0
