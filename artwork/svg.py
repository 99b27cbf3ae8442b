"""Shapes as SVG text. Every function returns a string; nothing here knows about films.

Coordinates are user units, angles are degrees. Numbers are written with one decimal, which keeps the files
small and the same on every machine.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import count

Point = tuple[float, float]


def num(value: float) -> str:
    """`value` with at most one decimal: 12.04 → "12", -0.0 → "0"."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, body: str = "", **attributes: str | float | None) -> str:
    """One element. `fill_opacity=.5` becomes `fill-opacity`, a value of None is left out."""
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{text}"')
    opening = " ".join(parts)
    return f"<{opening}>{body}</{name}>" if body else f"<{opening}/>"


class Ids:
    """Names for clip paths and gradients: a prefix per file, then a running number, so that files can be inlined."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._numbers: Iterator[int] = count(1)

    def new(self) -> str:
        return f"{self.prefix}-{next(self._numbers)}"


def rect(
    x: float, y: float, w: float, h: float, fill: str, *, r: float | None = None, opacity: float | None = None
) -> str:
    return tag(
        "rect", x=num(x), y=num(y), width=num(w), height=num(h), rx=num(r) if r else None, fill=fill, opacity=opacity
    )


def circle(x: float, y: float, r: float, fill: str, **more: str | float | None) -> str:
    return tag("circle", "", cx=num(x), cy=num(y), r=num(r), fill=fill, **more)


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, **more: str | float | None) -> str:
    return tag("ellipse", "", cx=num(x), cy=num(y), rx=num(rx), ry=num(ry), fill=fill, **more)


def path(d: str, fill: str = "none", **more: str | float | None) -> str:
    return tag("path", "", d=d, fill=fill, **more)


def outline(points: Iterable[Point], *, closed: bool = True) -> str:
    """The `d` of a polygon through `points`."""
    text = "L".join(f"{num(x)} {num(y)}" for x, y in points)
    return f"M{text}{'Z' if closed else ''}"


def polygon(points: Iterable[Point], fill: str, **more: str | float | None) -> str:
    return path(outline(points), fill, **more)


def strokes(
    lines: Iterable[tuple[float, float, float, float]],
    colour: str,
    width: float,
    *,
    cap: str = "round",
    opacity: float | None = None,
) -> str:
    """Many straight lines (x1, y1, x2, y2) of one colour as a single path; "" when there are none."""
    d = "".join(f"M{num(a)} {num(b)}L{num(c)} {num(e)}" for a, b, c, e in lines)
    if not d:
        return ""
    return path(d, stroke=colour, stroke_width=num(width), stroke_linecap=cap, opacity=opacity)


def ring(x: float, y: float, r: float, colour: str, width: float, **more: str | float | None) -> str:
    return circle(x, y, r, "none", stroke=colour, stroke_width=num(width), **more)


def disc_path(x: float, y: float, r: float) -> str:
    """The `d` of a circle, for cut-outs within an even-odd path."""
    return f"M{num(x - r)} {num(y)}a{num(r)} {num(r)} 0 1 0 {num(2 * r)} 0a{num(r)} {num(r)} 0 1 0 {num(-2 * r)} 0Z"


def group(body: str, **attributes: str | float | None) -> str:
    return tag("g", body, **attributes) if body else ""


def place(body: str, x: float, y: float, scale: float = 1, turn: float = 0) -> str:
    """`body` moved to (x, y), turned, scaled about its own origin."""
    steps = [f"translate({num(x)} {num(y)})"]
    if turn:
        steps.append(f"rotate({num(turn)})")
    if scale != 1:
        steps.append(f"scale({scale:.4g})")
    return group(body, transform=" ".join(steps))


def frame(body: str, x: float, y: float, w: float, h: float, view: tuple[float, float, float, float]) -> str:
    """`view` (x, y, w, h) of `body` shown in a box and cut off at its edges."""
    return tag(
        "svg", body, x=num(x), y=num(y), width=num(w), height=num(h),
        viewBox=" ".join(num(v) for v in view), preserveAspectRatio="none",
    )  # fmt: skip


def clipped(ids: Ids, shape: str, body: str) -> str:
    """`body` seen only inside `shape` (one or more shape elements)."""
    name = ids.new()
    return tag("clipPath", shape, id=name) + group(body, clip_path=f"url(#{name})")


Stop = tuple[float, str, float]


def linear(ids: Ids, stops: Iterable[Stop], *, vertical: bool = False) -> tuple[str, str]:
    """A gradient over the shape's own box from (offset, colour, opacity): its definition and its paint."""
    name = ids.new()
    ends = {"x1": "0", "y1": "0", "x2": "0", "y2": "1"} if vertical else {"x1": "0", "y1": "0", "x2": "1", "y2": "0"}
    return tag("linearGradient", _stops(stops), id=name, **ends), f"url(#{name})"


def radial(ids: Ids, stops: Iterable[Stop], *, cx: float = 0.5, cy: float = 0.5, r: float = 0.5) -> tuple[str, str]:
    """A round gradient over the shape's own box: its definition and its paint."""
    name = ids.new()
    return tag("radialGradient", _stops(stops), id=name, cx=cx, cy=cy, r=r), f"url(#{name})"


def _stops(stops: Iterable[Stop]) -> str:
    return "".join(
        tag("stop", offset=offset, stop_color=colour, stop_opacity=opacity if opacity < 1 else None)
        for offset, colour, opacity in stops
    )


def document(w: float, h: float, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{num(w)}" height="{num(h)}" '
        f'viewBox="0 0 {num(w)} {num(h)}">{body}</svg>\n'
    )


def mix(a: str, b: str, share: float) -> str:
    """The colour `share` of the way from `a` to `b` ("#rgb" or "#rrggbb")."""
    pairs = zip(_channels(a), _channels(b), strict=True)
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)


def contrast(a: str, b: str) -> float:
    """The WCAG 2 contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def is_dark(colour: str) -> bool:
    return _luminance(colour) < 0.18


def polar(x: float, y: float, r: float, angle: float) -> Point:
    """The point at distance `r` and `angle` (0 is right, 90 is down) from (x, y)."""
    turn = math.radians(angle)
    return x + r * math.cos(turn), y + r * math.sin(turn)


def _channels(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    value = int(digits if len(digits) == 6 else "".join(d * 2 for d in digits), 16)
    return value >> 16, value >> 8 & 255, value & 255


def _luminance(colour: str) -> float:
    linear_light = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                    for c in (v / 255 for v in _channels(colour))]  # fmt: skip
    return 0.2126 * linear_light[0] + 0.7152 * linear_light[1] + 0.0722 * linear_light[2]
