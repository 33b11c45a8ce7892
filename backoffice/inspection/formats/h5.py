"""HDF5 models (HDF5 File Format Specification 3.0; Keras' layout): links are looked at, never followed; every stored value is read (A10).

An HDF5 file can point at other files in three ways (external links, external storage, virtual datasets), and a Keras one can carry code in a
Lambda layer. Reading goes through the library's low level, which does not open what a link points at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import h5py

from backoffice.inspection.formats import _h5_data as stored
from backoffice.inspection.formats import _keras as keras
from backoffice.inspection.formats import _pickle_opcodes as opcodes
from backoffice.inspection.formats import pickle as pickles
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "h5"
VERSION = "1"

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SHOWN = 1_000  # entries of the preview
_FED_PLAIN = 64 << 20  # bytes: larger unfiltered data the antivirus sees in the file itself
_ATTRIBUTE = 64 << 20  # bytes
_PICKLED = 16 << 20  # bytes of a value that is looked at as a pickle
_HIDDEN = (
    (b"PK\3\4", "ZIP"),
    (b"PK\5\6", "ZIP"),
    (b"\x7fELF", "ELF"),
    (b"%PDF-", "PDF"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"MZ", "PE"),
)


@dataclass(slots=True)
class _Walk:
    """One file on its way through the examiner."""

    subject: Subject
    report: Report
    entries: list[dict[str, Any]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    objects: int = 0
    read: int = 0
    wanted: int = 0
    told: set[tuple[str, str]] = field(default_factory=set)

    def find(self, rule: str, place: str, **params: str | float) -> None:
        """One finding for each place."""
        if (rule, place) not in self.told:
            self.told.add((rule, place))
            self.report.find(rule, self.subject, place=place[:200], **params)

    def show(self, name: str, kind: str, **more: Any) -> None:
        """A row of the preview."""
        self.objects += 1
        if self.objects > self.report.limits["h5_objects"]:
            raise Broken("h5.bomb", detail=f"⟦объектов|objects⟧ > {int(self.report.limits['h5_objects'])}")
        if len(self.entries) < _SHOWN:
            self.entries.append({"name": name[:200], "type": kind, **more})


def examine(subject: Subject, report: Report) -> None:
    """The superblock, then every object that can be reached by hard links."""
    _check_ends(subject, report)
    walk = _Walk(subject, report)
    try:
        with h5py.File(subject.path, "r", locking=False, rdcc_nbytes=0) as file:
            _walk(file, walk)
    except (OSError, RuntimeError, KeyError, ValueError) as problem:
        words = " ".join(str(problem).split())[:200]
        raise Broken(
            "format.truncated" if "truncated" in words else "format.damaged", detail=words.replace(str(subject.path), "")
        ) from problem
    finally:
        total = walk.objects
        report.preview = {"kind": "tree", "entries": walk.entries, "total": total, "truncated": total > len(walk.entries)}
    unread = any(rule == "h5.filter" for rule, _ in walk.told)
    report.cover(scanned=int(not unread), failed=int(unread), size=subject.size)


def _check_ends(subject: Subject, report: Report) -> None:
    """What stands before the superblock, and behind the end that it names."""
    with subject.path.open("rb") as file:
        start = 0
        while start < subject.size:
            file.seek(start)
            block = file.read(64)
            if block.startswith(_SIGNATURE):
                break
            start = start * 2 or 512
        file.seek(0)
        before = file.read(start)
        end = _end_of(block)
        if end > subject.size:
            raise Broken("format.truncated", detail=missing(subject.size, end))
        file.seek(max(end, 0))
        after = file.read(1 << 22)
    if before.strip(b"\0"):
        raise Broken("format.hidden", place="0", other=f"⟦{start}⟧ ⟦перед данными|before the data⟧")
    if end <= 0 or not after.strip(b"\0"):
        return
    for magic, other in _HIDDEN:
        if magic in after if len(magic) > 2 else after.startswith(magic):
            raise Broken("format.hidden", place=str(end), other=other)
    report.find("format.trailing", subject, place=str(end), bytes=subject.size - end)


def _end_of(block: bytes) -> int:
    """The end-of-file address of the superblock (II.A); 0 when it cannot be told. ``Broken`` for a version nobody knows."""
    if len(block) < 48:
        raise Broken("format.truncated", detail="superblock")
    version = block[8]
    at = {0: 40, 1: 44, 2: 28, 3: 28}.get(version)
    if at is None:
        raise Broken("format.damaged", detail=f"superblock {version}")
    width = block[13] if version < 2 else block[9]
    return int(struct.unpack_from("<Q", block, at)[0]) if width == 8 else 0


def _walk(file: h5py.File, walk: _Walk) -> None:
    root = h5py.h5g.open(file.id, b"/")
    waiting: list[tuple[str, Any]] = [("", root)]
    walk.seen.add(_address(root))
    while waiting:
        path, identity = waiting.pop()
        _attributes(path or "/", identity, walk)
        if isinstance(identity, h5py.h5g.GroupID):
            walk.show(path or "/", "group")
            waiting.extend(reversed(list(_children(path, identity, walk))))
        elif isinstance(identity, h5py.h5d.DatasetID):
            _dataset(path, h5py.Dataset(identity), walk)


def _address(identity: Any) -> int:
    return int(h5py.h5o.get_info(identity).addr)


def _children(path: str, group: Any, walk: _Walk) -> Iterator[tuple[str, Any]]:
    """The objects behind hard links that were not met before. Other links are judged, not followed."""
    for raw in group:
        name = f"{path}/{raw.decode('utf-8', 'replace')}"
        kind = group.links.get_info(raw).type
        if kind == h5py.h5l.TYPE_SOFT:
            walk.show(name, "soft link")
        elif kind == h5py.h5l.TYPE_EXTERNAL:
            target, inside = group.links.get_val(raw)
            walk.show(name, "external link")
            walk.find(
                "h5.external", name, detail=f"{target.decode('utf-8', 'replace')}:{inside.decode('utf-8', 'replace')}"[:200]
            )
        elif kind != h5py.h5l.TYPE_HARD:
            walk.find("h5.external", name, detail=f"⟦ссылка вида|link of type⟧ {kind}")
        else:
            identity = h5py.h5o.open(group, raw)
            if (address := _address(identity)) in walk.seen:
                walk.show(name, "hard link")
                continue
            walk.seen.add(address)
            yield name, identity


def _dataset(path: str, dataset: h5py.Dataset, walk: _Walk) -> None:
    properties = dataset.id.get_create_plist()
    size = stored.logical_size(dataset)
    walk.show(path, str(dataset.dtype)[:100], shape="×".join(map(str, dataset.shape or ())) or "1", size=size)
    if properties.get_external_count():
        target = properties.get_external(0)[0].decode("utf-8", "replace")
        walk.find("h5.external", path, detail=target[:200])
        return
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        walk.find("h5.virtual", path)
        return
    walk.wanted += size
    if walk.wanted > walk.report.limits["h5_bytes"]:
        raise Broken("h5.bomb", place=path[:100], detail=f"⟦{walk.wanted}⟧")
    if unknown := stored.unknown_filter(dataset):
        walk.find("h5.filter", path, detail=unknown)
        return
    _read(path, dataset, walk, filtered=bool(properties.get_nfilters()))


def _read(path: str, dataset: h5py.Dataset, walk: _Walk, *, filtered: bool) -> None:
    kept = bytearray()

    def passing() -> Iterator[bytes]:
        for piece in stored.pieces(dataset, most=int(walk.report.limits["h5_chunk_bytes"])):
            walk.read += len(piece)
            if walk.report.progress is not None:
                walk.report.progress(walk.read, 0)
            if len(kept) < _PICKLED:
                kept.extend(piece)
            yield piece

    member = f"{walk.subject.member}!{path}" if walk.subject.member else path.lstrip("/")
    chunks = passing()
    if filtered or dataset.id.get_storage_size() <= _FED_PLAIN:
        walk.report.feed(member, chunks)
    for _ in chunks:
        pass
    if dataset.dtype.kind in "uiSVO":
        _as_pickle(bytes(kept), path, walk)


def _attributes(path: str, identity: Any, walk: _Walk) -> None:
    for index in range(h5py.h5a.get_num_attrs(identity)):
        attribute = h5py.h5a.open(identity, index=index)
        name = attribute.name.decode("utf-8", "replace")
        if attribute.get_storage_size() > _ATTRIBUTE:
            raise Broken("h5.bomb", place=path, detail=f"{name}: {attribute.get_storage_size()}")
        present = attribute.shape not in (None, (0,))
        value: Any = h5py.AttributeManager(_Holder(identity)).get(name) if present else None
        if name in ("model_config", "training_config") and isinstance(value, str | bytes):
            _keras(name, value, walk)
        _as_pickle(_raw(value), f"{path}@{name}", walk)


def _raw(value: Any) -> bytes:
    """An attribute's bytes, as PyTables would hand them to pickle."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return bytes(value)
    return bytes(value.tobytes()) if hasattr(value, "tobytes") and not value.dtype.hasobject else b""


class _Holder:
    """What h5py's attribute reader asks of an object: its identity."""

    def __init__(self, identity: Any) -> None:
        self.id = identity


def _keras(name: str, value: str | bytes, walk: _Walk) -> None:
    config = keras.parsed(value)
    for rule, detail in keras.judged(config):
        if name == "model_config" or rule == "h5.lambda":
            walk.find(rule, detail, detail=detail)
    if name == "model_config":
        walk.report.facts.setdefault("framework", "keras")
        walk.report.facts.setdefault("layers", keras.layers(config))


def _as_pickle(data: bytes, place: str, walk: _Walk) -> None:
    """PyTables keeps Python objects as pickles and loads them unasked: what is one is judged like one."""
    data = data.rstrip(b"\0")
    binary = len(data) > 2 and data[0] == 0x80 and 2 <= data[1] <= 5
    if not data.endswith(b".") or not (binary or (data[:1] in b"c(I]}" and b"\n" in data)):
        return
    try:
        found = pickles.imports_of(data)
    except (opcodes.Damaged, Broken):
        if binary:
            walk.find("h5.pickle", place, names="?")
        return
    if found:
        walk.find("h5.pickle", place, names=", ".join(found)[:200])
