"""Which days are worked, as a value: the only thing the working clock knows of a calendar (M1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayNote:
    """Why a day is not what its weekday says, in both languages. ``kind``: off | working | shortened; ``source`` a decree, an article, a person.

    ``layer`` is who said so: the country, a region of it, or the staff.
    """

    kind: str
    ru: str
    en: str
    source_ru: str = ""
    source_en: str = ""
    layer: str = "country"


@dataclass(frozen=True, slots=True, eq=False)
class DayTable:
    """Every day from ``first`` on, one place a day in each array.

    ``firm`` is false where the year's decree on moved days off is not known: deadlines that need such a day are provisional. ``years``
    are those with a decree (empty for a calendar that needs none).
    """

    name: str
    first: date
    working: NDArray[np.bool_]
    shortened: NDArray[np.bool_]
    firm: NDArray[np.bool_]
    notes: Mapping[date, DayNote]
    years: tuple[int, ...] = ()

    @property
    def last(self) -> date:
        """The last day there is."""
        return self.first + timedelta(days=len(self.working) - 1)

    def index(self, day: date) -> int:
        """The place of a day; ``IndexError`` outside the table."""
        place = (day - self.first).days
        if not 0 <= place < len(self.working):
            raise IndexError(day.isoformat())
        return place

    def is_working(self, day: date) -> bool:
        """Whether people work on it."""
        return bool(self.working[self.index(day)])

    def kind_of(self, day: date) -> str:
        """off, working or shortened."""
        place = self.index(day)
        return ("shortened" if self.shortened[place] else "working") if self.working[place] else "off"

    @property
    def version(self) -> str:
        """Changes when any day changes, and when a year becomes firm."""
        digest = hashlib.sha256(f"{self.name} {self.first}".encode())
        for array in (self.working, self.shortened, self.firm):
            digest.update(np.packbits(array).tobytes())
        return digest.hexdigest()[:16]
