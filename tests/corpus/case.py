"""One file of the corpus: how it is built, where it would be uploaded, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """``build`` writes the file to the path it is given. ``verdict`` is pass, warn or reject.

    ``rules`` are all the ids the report must hold, as a set, and no other: a false alarm is a defect too.
    """

    name: str  # the file's name with its extension, unique in the corpus
    slot: str  # data_example | instruction | terms_of_use | model_archive
    build: Callable[[Path], None]
    verdict: str
    rules: tuple[str, ...] = ()
