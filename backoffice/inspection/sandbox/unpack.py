"""Unpacking an archive into a private folder, within limits; runs inside the jail only.

Only plain files and folders come out. Links and special files are left out and counted; a name that leads outside ends the attempt.
"""

from __future__ import annotations

import errno
import shutil
import stat
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from backoffice.inspection.sandbox.plan import Refused

CHUNK = 1 << 20
ARCHIVES = (".zip", ".7z", ".tar.gz", ".tgz")


@dataclass(slots=True)
class Unpacked:
    """What came out, and what was left out."""

    folder: Path
    limits: Mapping[str, float]
    members: int = 0
    bytes: int = 0
    links: list[str] = field(default_factory=list)

    def take(self, name: str, size: int) -> Path:
        """The place for one member. ``Refused`` for a name that leads outside, or one member or byte too many."""
        inside = safe_name(name)
        self.members += 1
        self.bytes += size
        self.count(self.members)
        if self.bytes > self.limits["archive_bytes"]:
            raise Refused("config.archive", detail=f"> ⟦{self.limits['archive_bytes']:.0f}⟧")
        target = self.folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def count(self, members: int) -> None:
        """``Refused`` for more members than are allowed: an index tells before any is written."""
        if members > self.limits["archive_members"]:
            raise Refused("config.archive", detail=f"⟦файлов|files⟧ > {self.limits['archive_members']:.0f}")


def safe_name(name: str) -> str:
    """A member's name as a relative path. ``Refused`` when it is absolute or climbs out."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")) or "\0" in name:
        raise Refused("config.escape", file=name[:200], path=name[:200])
    return str(path)


def unpack(archive: Path, name: str, into: Path, limits: Mapping[str, float]) -> Unpacked:
    """Unpack by the name's extension. A damaged or over-large archive raises ``Refused``."""
    out = Unpacked(into, limits)
    lower = name.lower()
    try:
        if lower.endswith(".zip"):
            _zip(archive, out)
        elif lower.endswith((".tar.gz", ".tgz")):
            _tar(archive, out)
        else:
            _seven(archive, out)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        zlib.error,
        OSError,
        RuntimeError,
        NotImplementedError,
        ValueError,
    ) as error:
        full = isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.ENOSPC)
        raise Refused("config.archive" if full else "config.damaged", detail=f"{type(error).__name__}: {error}"[:200]) from error
    return out


def _zip(archive: Path, out: Unpacked) -> None:
    with zipfile.ZipFile(archive) as source:
        out.count(len(source.infolist()))
        for info in source.infolist():
            mode = info.external_attr >> 16
            if info.is_dir():
                out.take(info.filename, 0).mkdir(parents=True, exist_ok=True)
            elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                safe_name(info.filename)
                out.links.append(info.filename)
            else:
                with source.open(info) as stream:
                    _write(out.take(info.filename, info.file_size), stream, info.file_size, executable=bool(mode & 0o111))


def _tar(archive: Path, out: Unpacked) -> None:
    with tarfile.open(archive, "r|gz") as source:
        for info in source:
            if info.isdir():
                out.take(info.name, 0).mkdir(parents=True, exist_ok=True)
            elif info.isfile():
                stream = source.extractfile(info)
                if stream:
                    _write(out.take(info.name, info.size), stream, info.size, executable=bool(info.mode & 0o111))
            else:
                safe_name(info.name)
                out.links.append(info.name)


def _write(target: Path, stream: IO[bytes], size: int, *, executable: bool) -> None:
    left = size
    with target.open("xb") as sink:
        while chunk := stream.read(min(CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise Refused(
                    "config.damaged", detail="⟦файл длиннее, чем сказано в его заголовке|a member is longer than its header says⟧"
                )
            sink.write(chunk)
    target.chmod(0o755 if executable else 0o644)


def _seven(archive: Path, out: Unpacked) -> None:
    for path, size, attributes in _seven_list(archive):
        if "L" in attributes.split("_")[0] or " l" in f" {attributes.partition(' ')[2]}":
            out.links.append(path)
            safe_name(path)
        elif "D" not in attributes.split("_")[0]:
            out.take(path, size)
        else:
            safe_name(path)
    done = subprocess.run(
        ["7zz", "x", "-y", "-bd", "-snl-", f"-o{out.folder}", str(archive)],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused("config.archive", detail=done.stderr.decode(errors="replace").strip()[-200:] or "7z")
    _plain(out)


def _seven_list(archive: Path) -> Iterable[tuple[str, int, str]]:
    listing = subprocess.run(
        ["7zz", "l", "-slt", "-ba", "-p", str(archive)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if listing.returncode:
        raise Refused("config.damaged", detail=listing.stderr.decode(errors="replace").strip()[-200:] or "7z")
    row: dict[str, str] = {}
    for line in [*listing.stdout.decode(errors="replace").splitlines(), "Path = "]:
        key, _, value = line.partition(" = ")
        if key == "Path" and row:
            yield row["Path"], int(row.get("Size") or 0), row.get("Attributes", "")
            row = {}
        row[key.strip()] = value


def _plain(out: Unpacked) -> None:
    """Whatever is not a plain file or folder goes, even when the listing did not call it a link."""
    for path in sorted(out.folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            out.links.append(str(path.relative_to(out.folder)))
            path.unlink()
        elif path.is_dir():
            path.chmod(0o755)
        else:
            path.chmod(0o755 if path.stat().st_mode & 0o111 else 0o644)


def clear(folder: Path) -> None:
    """Remove a private folder and everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
