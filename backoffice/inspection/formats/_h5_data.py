"""The data of an HDF5 dataset, read chunk by chunk within bounds: what was never written is never made up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from backoffice.inspection.report import Broken

_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset"}
_SLICE = 4 << 20  # bytes read at a time from a dataset that is not in chunks


def unknown_filter(dataset: h5py.Dataset) -> str:
    """The first filter that the library itself has not got; empty when all are known."""
    properties = dataset.id.get_create_plist()
    for index in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(index)
        if code not in _FILTERS or not h5py.h5z.filter_avail(code):
            return f"{code} {name.decode('utf-8', 'replace')}".strip()
    return ""


def logical_size(dataset: h5py.Dataset) -> int:
    """Bytes that reading all of it would take."""
    if dataset.shape is None:
        return 0
    return math.prod(dataset.shape) * max(dataset.dtype.itemsize, 1)


def pieces(dataset: h5py.Dataset, *, most: int) -> Iterator[bytes]:
    """The stored values as bytes, checksums and filters checked on the way. ``Broken`` where they are damaged."""
    try:
        for where in _regions(dataset, most):
            yield _bytes_of(dataset[where])
    except (OSError, ValueError, RuntimeError, KeyError) as problem:
        raise Broken("format.damaged", place=str(dataset.name)[:100], detail=" ".join(str(problem).split())[:200]) from problem


def _regions(dataset: h5py.Dataset, most: int) -> Iterator[Any]:
    if dataset.shape is None or 0 in dataset.shape:
        return
    if dataset.chunks is not None:
        yield from _chunks(dataset, most)
    elif dataset.id.get_storage_size() == 0:
        return
    elif not dataset.shape:
        yield ()
    else:
        yield from _slices(dataset.shape, dataset.dtype.itemsize)


def _chunks(dataset: h5py.Dataset, most: int) -> Iterator[Any]:
    """The regions of the chunks that were really written."""
    chunk = math.prod(dataset.chunks) * max(dataset.dtype.itemsize, 1)
    if chunk > most:
        raise Broken("h5.bomb", place=str(dataset.name)[:100], detail=f"⟦блок|chunk⟧: ⟦{chunk}⟧")
    offsets: list[tuple[int, ...]] = []
    dataset.id.chunk_iter(lambda info: offsets.append(tuple(info.chunk_offset)))
    for offset in offsets:
        ends = (min(start + length, whole) for start, length, whole in zip(offset, dataset.chunks, dataset.shape, strict=True))
        yield tuple(slice(start, end) for start, end in zip(offset, ends, strict=True))


def _slices(shape: tuple[int, ...], width: int) -> Iterator[Any]:
    """Rows, as many at a time as fit; a row that does not fit is cut along the next axis."""
    row = math.prod(shape[1:]) * max(width, 1)
    if row > _SLICE and len(shape) > 1:
        for index in range(shape[0]):
            for rest in _slices(shape[1:], width):
                yield (slice(index, index + 1), *rest)
        return
    step = max(_SLICE // max(row, 1), 1)
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])),)


def _bytes_of(values: Any) -> bytes:
    array = np.asarray(values)
    if not array.dtype.hasobject:
        return array.tobytes()
    return b"\n".join(_bytes_of_one(value) for value in array.reshape(-1))


def _bytes_of_one(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.tobytes()
    return repr(value).encode()
