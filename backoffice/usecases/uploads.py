"""Resumable uploads of a draft's files (A7–A11): tus 1.0's rules, with slot, extension and size checked before the first byte."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from backoffice.domain.errors import Lost, Refused
from backoffice.inspection.rules import slots
from backoffice.storage import Storage, blob_key, room
from backoffice.store.base import db
from backoffice.store.listings import Artifact, Upload
from backoffice.store.people import Person
from backoffice.usecases import drafts
from backoffice.usecases.request_checks import extension

CHUNK = 1 << 20


def begin(*, submission_id: int, author: Person, slot: str, name: str, size: int, storage: Storage, now: datetime) -> Upload:
    """A new upload into a slot. ``Refused``: wrong_extension, too_large, empty_file, or what a draft refuses."""
    policy = slots().get(slot)
    if policy is None:
        raise Refused("not_found")
    name = clean(name)
    if extension(name) not in policy.extensions:
        raise Refused("wrong_extension", extension=extension(name), allowed=" ".join(policy.extensions))
    if size > policy.max_bytes:
        raise Refused("too_large", limit_bytes=policy.max_bytes)
    if size <= 0:
        raise Refused("empty_file")
    drafts.own_draft(submission_id, author)
    token = secrets.token_urlsafe(32)
    with room():
        (storage.uploads / token).touch()
    upload: Upload = Upload.create(
        token=token, person=author, submission=submission_id, slot=slot, name=name, size=size, created_at=now, updated_at=now
    )
    return upload


def clean(name: str) -> str:
    """The file's own name: no folders, no control characters, at most 200 characters with the extension kept."""
    base = name.replace("\\", "/").rpartition("/")[2]
    base = "".join(letter for letter in base if letter.isprintable()).strip()
    ending = extension(base)
    stem = base[: len(base) - len(ending)]
    return f"{stem[: 200 - len(ending)]}{ending}"


def standing(token: str, *, author: Person, storage: Storage, now: datetime) -> Upload:
    """Where an upload of this person stands. One whose bytes are all here but which was not finished (a kill, a full disk) is finished first."""
    upload = find(token, author=author, finished=True)
    if upload.offset == upload.size and not upload.finished_at and (storage.uploads / token).exists():
        finish(upload, storage=storage, now=now)
    return upload


def find(token: str, *, author: Person, finished: bool = False) -> Upload:
    """An upload of this person; a finished one only where that is asked for."""
    upload: Upload | None = Upload.get_or_none((Upload.token == token) & (Upload.person == author))
    if upload is None or (upload.finished_at and not finished):
        raise Refused("upload_gone")
    return upload


def append(upload: Upload, *, offset: int, pieces: Iterable[bytes], storage: Storage, now: datetime) -> int:
    """Add bytes at ``offset``; the new offset. ``Lost("offset")`` when it is not where the upload stands, ``NoRoom`` when the disk is full.

    What arrived before a broken connection or a full disk stays: the offset is that of the bytes on disk.
    """
    path = storage.uploads / upload.token
    if not path.exists():
        raise Refused("upload_gone")
    if offset != path.stat().st_size or offset != upload.offset:
        _settle(upload, path, now)
        raise Lost("offset")
    try:
        with room(), path.open("ab") as target:
            for piece in pieces:
                if target.tell() + len(piece) > upload.size:
                    raise Refused("too_large", limit_bytes=upload.size)
                target.write(piece)
    finally:
        _settle(upload, path, now)
    return int(upload.offset)


def _settle(upload: Upload, path: Path, now: datetime) -> None:
    upload.offset = min(path.stat().st_size, upload.size)
    Upload.update(offset=upload.offset, updated_at=now).where(Upload.id == upload.id).execute()


def finish(upload: Upload, *, storage: Storage, now: datetime) -> Artifact:
    """The last byte is in: hash, store once under the SHA-256, put into the slot. Doing it again after a kill changes nothing."""
    path = storage.uploads / upload.token
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(CHUNK):
            digest.update(piece)
    key = blob_key(digest.hexdigest())
    if not storage.exists(key):
        storage.put(key, path)
    with db.atomic():
        artifact = drafts.attach(
            upload.submission_id,
            author=upload.person,
            slot=upload.slot,
            name=upload.name,
            sha256=digest.hexdigest(),
            size=upload.size,
            now=now,
        )
        Upload.update(finished_at=now).where(Upload.id == upload.id).execute()
    path.unlink(missing_ok=True)
    return artifact


def cancel(upload: Upload, *, storage: Storage) -> None:
    """Forget it, bytes included."""
    (storage.uploads / upload.token).unlink(missing_ok=True)
    Upload.delete().where(Upload.id == upload.id).execute()
