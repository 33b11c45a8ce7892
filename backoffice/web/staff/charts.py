"""Charts as inline SVG, drawn here: no script, colours by class, every value also in a table beside it (WCAG 1.1.1, 1.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from markupsafe import Markup, escape

from backoffice.web.wording import number

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 30
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
    kind: str = "svg"  # or "list": long labels, one value each
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

    def svg(self) -> Markup:
        """The picture; it scales with its place."""
        highest = self.top or _nice(max((value or 0 for one in self._all() for value in one), default=0))
        parts = [_grid(highest, self.unit), _axis(self.labels)]
        if self.band:
            parts.append(_band(*self.band, highest))
        bars = [one for one in self.series if one.shape == "bar"]
        for n, one in enumerate(self.series):
            if one.shape == "bar":
                parts.append(_bars(self, n, place=bars.index(one), of=len(bars), highest=highest))
            else:
                parts.append(_line(self, n, highest=highest))
        return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
            WIDTH, HEIGHT, self.title, Markup("").join(parts)
        )

    def _all(self) -> list[Values]:
        return [one.values for one in self.series] + (list(self.band) if self.band else [])


def _nice(value: float) -> float:
    """Four equal steps of a round number, not below the value."""
    step = 1.0
    while step * 4 < value:
        step *= 2.5 if f"{step:g}".startswith("2") else 2
    return step * 4


def _x(n: int, count: int) -> float:
    """The middle of the n-th of ``count`` places."""
    return LEFT + (WIDTH - LEFT - RIGHT) * (n + 0.5) / max(count, 1)


def _y(value: float, highest: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / highest, 1.0)


def _grid(highest: float, unit: str) -> Markup:
    lines = Markup("")
    for n in range(5):
        value = highest * n / 4
        y = round(_y(value, highest), 1)
        lines += Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDTH - RIGHT, y, y)
        lines += Markup('<text class="tick end" x="{}" y="{}">{}{}</text>').format(LEFT - 6, y + 4, number(round(value, 1)), unit)
    return lines


def _axis(labels: Sequence[str]) -> Markup:
    step = ceil(len(labels) / 13) if labels else 1
    marks = Markup("")
    for n in range(0, len(labels), step):
        marks += Markup('<text class="tick middle" x="{:.1f}" y="{}">{}</text>').format(
            _x(n, len(labels)), HEIGHT - 10, escape(labels[n])
        )
    return marks


def _hint(chart: Chart, one: Series, n: int) -> Markup:
    return Markup("<title>{}: {} — {}{}</title>").format(chart.labels[n], one.name, number(one.values[n]), chart.unit)


def _bars(chart: Chart, colour: int, *, place: int, of: int, highest: float) -> Markup:
    one = chart.series[colour]
    slot = (WIDTH - LEFT - RIGHT) / max(len(one.values), 1)
    width = min(slot * 0.72 / of, 34)
    drawn = Markup("")
    for n, value in enumerate(one.values):
        if not value:
            continue
        x, y = _x(n, len(one.values)) - width * of / 2 + width * place, _y(value, highest)
        drawn += Markup('<rect class="bar c{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2">{}</rect>').format(
            colour, x, y, max(width - 1, 1), HEIGHT - BOTTOM - y, _hint(chart, one, n)
        )
    return drawn


def _line(chart: Chart, colour: int, *, highest: float) -> Markup:
    one = chart.series[colour]
    points = [(n, _x(n, len(one.values)), _y(value, highest)) for n, value in enumerate(one.values) if value is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for _, x, y in points)
    kind = "line dashes" if one.shape == "dashes" else "line"
    drawn = Markup('<polyline class="{} s{}" points="{}"/>').format(kind, colour, path)
    for n, x, y in points:
        drawn += Markup('<circle class="dot c{}" cx="{:.1f}" cy="{:.1f}" r="3.5">{}</circle>').format(
            colour, x, y, _hint(chart, one, n)
        )
    return drawn


def _band(low: Values, high: Values, highest: float) -> Markup:
    count = len(low)
    upper = [f"{_x(n, count):.1f},{_y(value or 0, highest):.1f}" for n, value in enumerate(high)]
    lower = [f"{_x(n, count):.1f},{_y(value or 0, highest):.1f}" for n, value in enumerate(low)]
    return Markup('<polygon class="band" points="{}"/>').format(" ".join([*upper, *reversed(lower)]))
