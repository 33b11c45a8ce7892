"""What the machine that follows a pickle keeps on its stack: names, calls, tables; everything else is ``OPAQUE``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

_NAME = re.compile(r"[\w.<>-]{1,200}")

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
