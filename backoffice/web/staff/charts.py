"""Charts, drawn by Chart.js in the browser; every value also stands in a table beside it (WCAG 1.1.1, 1.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.web.wording import number

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers under a name; None is a gap. ``shape``: bar, line or dashes."""

    name: str
    values: Values
    shape: str = "bar"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and the table that says the same."""

    name: str
    title: str
    words: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    top: float | None = None  # of the axis; found from the values when None
    band: tuple[Values, Values] | None = None
    axis: str = ""
    kind: str = "drawn"  # or "list": long labels, one value each
    extra: Sequence[Series] = field(default_factory=tuple)  # in the table only

    @property
    def header(self) -> list[str]:
        """Of the table."""
        return [self.axis, *(series.name for series in (*self.series, *self.extra))]

    @property
    def rows(self) -> list[list[str]]:
        """Of the table, as they are read."""
        columns = [series.values for series in (*self.series, *self.extra)]
        return [
            [label, *("—" if column[n] is None else number(column[n]) for column in columns)]
            for n, label in enumerate(self.labels)
        ]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for series in self.series for value in series.values)

    @property
    def data(self) -> dict[str, Any]:
        """What the script of the page draws."""
        series = [{"name": one.name, "values": one.values, "shape": one.shape} for one in self.series]
        return {"labels": self.labels, "series": series, "band": self.band, "unit": self.unit, "top": self.top}
