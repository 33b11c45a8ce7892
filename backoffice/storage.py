"""Where bytes lie: a local folder or an S3-compatible bucket, chosen by URL (``file:///…`` or ``s3://bucket/prefix``), through obstore.

Files are stored once under their SHA-256; previews under the id of their check. A key is never reused for other bytes.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import GenericError
from obstore.store import from_url

from backoffice.domain.errors import NoRoom

CHUNK = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def room() -> Iterator[None]:
    """Turns a full disk into ``NoRoom``; every other error stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom(os.strerror(error.errno)) from error
        raise
    except GenericError as error:  # of obstore, which tells the system's error in words only
        if any(f"(os error {number})" in str(error) for number in _FULL):
            raise NoRoom(os.strerror(errno.ENOSPC)) from error
        raise


def blob_key(sha256: str) -> str:
    """The key of a file's bytes."""
    return f"blobs/{sha256[:2]}/{sha256}"


class Storage:
    """Puts, gets and streams bytes by key. Missing keys raise ``FileNotFoundError``."""

    def __init__(self, url: str, *, scratch: Path) -> None:
        """``scratch`` takes the temporary copies of remote files and the uploads in progress; it is local to the machine."""
        parts = urlsplit(url)
        self.root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self.root:
            self.root.mkdir(parents=True, exist_ok=True)
        self.scratch = scratch
        self.uploads = scratch / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self._store = from_url(url)

    def put(self, key: str, source: Path | bytes) -> None:
        """Store a file or bytes; on a local disk a file of ours is moved into place at once, never seen half-written. ``NoRoom``."""
        with room():
            obstore.put(self._store, key, source)

    def exists(self, key: str) -> bool:
        """Whether the key holds anything."""
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def size(self, key: str) -> int:
        """In bytes."""
        return int(obstore.head(self._store, key)["size"])

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``end`` (exclusive; the file's end by default), in pieces of about 1 MiB."""
        end = self.size(key) if end is None else end
        while start < end:
            piece = bytes(obstore.get_range(self._store, key, start=start, end=min(end, start + CHUNK)))
            start += len(piece)
            yield piece

    def read(self, key: str) -> bytes:
        """All bytes of something small."""
        return bytes(obstore.get(self._store, key).bytes())

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        """A readable local path: the stored file itself, or a temporary copy of a remote one."""
        if self.root:
            path = self.root / key
            path.stat()
            yield path
            return
        with tempfile.NamedTemporaryFile(dir=self.scratch) as copy:
            for piece in self.stream(key):
                copy.write(piece)
            copy.flush()
            yield Path(copy.name)

    def delete(self, key: str) -> None:
        """Remove a key; one that is not there is no error."""
        if self.exists(key):
            obstore.delete(self._store, key)
