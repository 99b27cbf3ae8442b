"""Drawings of the panel as geometry, which templates print into an SVG. Each has two sizes, of which a page shows the one
that fits: text in a drawing that shrinks would become too small to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import formats

from licensing.queries.calendar import Term


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    width: int
    height: int
    #: Words along the axis of days.
    words: int


SHAPES = (Shape("wide", 640, 240, 5), Shape("narrow", 340, 200, 3))
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 12, 22, 26


def line_plots(days: Sequence[date], lines: Sequence[tuple[str, Sequence[int]]]) -> list[dict[str, Any]]:
    """Lines over days in each size; the first is drawn as an area too. Numbers from 0 up."""
    top = ceiling(max((max(values, default=0) for _name, values in lines), default=0))
    return [_line_plot(shape, days, lines, top) for shape in SHAPES]


def ceiling(most: int) -> int:
    """The round number that an axis ends with: the next of 1, 2, 4, 5, 8, 10 times a power of ten, and 4 at least, so that
    its half and quarters are whole or plain."""
    size = 1
    while True:
        for step in (4, 8, 12, 20, 40):
            if most <= step * size:
                return step * size
        size *= 10


def _line_plot(
    shape: Shape, days: Sequence[date], lines: Sequence[tuple[str, Sequence[int]]], top: int
) -> dict[str, Any]:
    width, height = shape.width - _LEFT - _RIGHT, shape.height - _TOP - _BOTTOM
    bottom = shape.height - _BOTTOM
    step = width / max(len(days) - 1, 1)

    def x(i: int) -> float:
        return round(_LEFT + i * step, 1)

    def y(value: int) -> float:
        return round(bottom - height * value / top, 1)

    drawn = []
    for name, values in lines:
        points = " ".join(f"{x(i)},{y(value)}" for i, value in enumerate(values))
        area = f"{x(0)},{bottom} {points} {x(len(values) - 1)},{bottom}"
        drawn.append({"name": name, "points": points, "area": area, "x": x(len(values) - 1), "y": y(values[-1])})
    every = max(-(-(len(days) - 1) // (shape.words - 1)), 1)
    marks = range(len(days) - 1, -1, -every)
    return {
        "name": shape.name,
        "width": shape.width,
        "height": shape.height,
        "left": _LEFT,
        "right": shape.width - _RIGHT,
        "bottom": bottom,
        "lines": drawn,
        "levels": [{"y": y(level), "words": f"{level:,}"} for level in range(0, top + 1, top // 4)],
        "days": [
            {"x": x(i), "words": short_day(days[i]), "anchor": "end" if i == len(days) - 1 else "middle"}
            for i in marks
            if i >= every // 2
        ],
    }


def short_day(day: date) -> str:
    return str(formats.date_format(day, "MONTH_DAY_FORMAT"))


# -- licences over time ------------------------------------------------------------------------------

_CALENDAR_WIDTH, _NAMES, _ROW, _HEAD = 1040, 200, 52, 30


def calendar_plot(
    terms: Sequence[Term], marks: Sequence["Mark"], windows: Sequence["Window"], *, first: date, last: date, today: date
) -> dict[str, Any]:
    """A row for each licence: term, sell-off, the days that matter to its film, and below them the campaigns."""
    span = (last - first).days

    def x(day: date) -> float:
        part = min(max((day - first).days / span, 0), 1)
        return round(_NAMES + (_CALENDAR_WIDTH - _NAMES) * part, 1)

    rows = []
    for number, term in enumerate(terms):
        y = _HEAD + number * _ROW
        bars = [_bar(x, term.starts_on, term.ends_on, "term", first, last)]
        if term.sell_off_ends_on:
            bars.append(_bar(x, term.ends_on + timedelta(days=1), term.sell_off_ends_on, "sell-off", first, last))
        rows.append(
            {
                "term": term,
                "y": y,
                "bars": [bar | {"y": y + 9, "mid": y + 24, "word": _word(bar, x(today))} for bar in bars if bar],
                "marks": [
                    {"x": x(mark.on), "y": y + 42, "mark": mark}
                    for mark in marks
                    if mark.film_id == term.licence.film_id and first <= mark.on <= last
                ],
            }
        )
    below = []
    for number, window in enumerate(windows):
        y = _HEAD + (len(terms) + number) * _ROW
        bar = _bar(x, window.first, window.last, "campaign", first, last)
        below.append({"window": window, "y": y, "bar": (bar or {}) | {"y": y + 9, "mid": y + 24}})
    height = _HEAD + (len(terms) + len(windows)) * _ROW
    return {
        "width": _CALENDAR_WIDTH,
        "height": height,
        "left": _NAMES,
        "rows": rows,
        "windows": below,
        "ticks": _months(x, first, last, today),
        "today": x(today),
    }


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that matters to the goods of a film."""

    film_id: int
    on: date
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Window:
    """A campaign's days."""

    name: str
    first: date
    last: date
    address: str


def _bar(x: Any, begins: date, ends: date, tone: str, first: date, last: date) -> dict[str, Any]:
    if ends < first or begins > last:
        return {}
    start, end = x(max(begins, first)), x(min(ends, last) + timedelta(days=1))
    width = max(round(end - start, 1), 2)
    return {"x": start, "width": width, "tone": tone, "ends_on": ends, "has_room": width > 150, "is_short": width > 60}


def _word(bar: dict[str, Any], today: float) -> float:
    """Where the words of a bar begin: inside of it, and not under the line of today."""
    is_under = bar["x"] < today < bar["x"] + 160 and bar["x"] + bar["width"] - today > 150
    return float(today if is_under else bar["x"])


def _months(x: Any, first: date, last: date, today: date) -> list[dict[str, Any]]:
    """The first of every third month; where "today" stands there is no room for another word."""
    found = []
    for number in range(first.year * 12 + first.month, last.year * 12 + last.month):
        day = date(number // 12, number % 12 + 1, 1)
        if (day.month - 1) % 3 == 0 and first <= day <= last and abs(x(day) - x(today)) > 70:
            is_last = x(day) > _CALENDAR_WIDTH - 80
            found.append({"x": x(day), "words": "" if is_last else str(formats.date_format(day, "YEAR_MONTH_FORMAT"))})
    return found
