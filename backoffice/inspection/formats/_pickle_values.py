"""What the machine that follows a pickle keeps on its stack: names, calls, tables; everything else is ``OPAQUE``."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

_NAME = re.compile(r"[\w.<>-]{1,200}")

_CACHED = 10_000  # texts that were asked for
NOWHERE = (1 << 32) - 1

MARK = object()
OPAQUE = object()  # a value that does not matter here


class Import(NamedTuple):
    """A name that loading would import."""

    module: str
    name: str


class Span(NamedTuple):
    """Where the bytes lie that ``LOADS`` is given."""

    start: int
    end: int


LOADS = Import("torch.storage", "_load_from_bytes")  # pickled tensors call it with a file of torch's in its old layout
ENCODE = Import("_codecs", "encode")  # what protocol 2 makes bytes with


@dataclass(slots=True)
class Made:
    """What a call would return."""

    by: Any
    args: Any


@dataclass(slots=True)
class Table:
    """A dict, with those of its first keys that are plain strings."""

    items: dict[str, Any] = field(default_factory=dict)


def named(text: str) -> Any:
    """The text if it could be part of a name, OPAQUE otherwise."""
    return text if _NAME.fullmatch(text) else OPAQUE


@lru_cache(maxsize=4096)
def name_in(raw: bytes) -> Any:
    """The same of the bytes of a string."""
    return named(raw.decode("utf-8", "replace")) if len(raw) <= 200 else OPAQUE


class Memo:
    """What a pickle has put aside, by number. Short texts are kept as the place where they stand, four bytes each: files have millions of them.

    Tables are not kept: nothing that matters is built from one that was put aside.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._places = array("I")  # of the first entries, in order: where the length of a short text stands, or NOWHERE
        self._others: dict[int, Any] = {}

    def put(self, index: int, value: Any, place: int = NOWHERE) -> None:
        """Entry ``index`` is ``value`` from now on; ``place`` where it stands when it is a short text."""
        place = min(place, NOWHERE)
        if index == len(self._places):
            self._places.append(place)
        elif index < len(self._places):
            self._places[index] = place
        found_again = place < NOWHERE and index < len(self._places)
        if found_again or value is OPAQUE or value == () or isinstance(value, Table):
            self._others.pop(index, None)
        else:
            self._others[index] = value

    def get(self, index: int) -> Any:
        """The entry, OPAQUE when it does not matter."""
        value = self._others.get(index, OPAQUE)
        if value is OPAQUE and index < len(self._places) and (place := self._places[index]) < NOWHERE:
            value = name_in(self._data[place + 1 : place + 1 + self._data[place]])
            if len(self._others) < _CACHED:
                self._others[index] = value
        return value
