"""Farewell My Concubine: an opened fan in two unlike halves, with a sword where they would meet."""

import math

from .. import svg
from ..film import Film, Stage
from ..lettering import CREDIT, VOICES, column, fit, line
from ..plush import Plush

PLUM, ROSE, GOLD, TEAL = "#2A0F17", "#E79AA6", "#E3B04B", "#1F7A74"
RIBS = 22


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, cx = stage.u, stage.cx
    pivot = stage.h * (0.66 if stage.kind == "tall" else 0.76)
    r = 47 * u if stage.kind == "tall" else 46 * u
    parts = [svg.rect(0, 0, stage.w, stage.h, ROSE), _stripes(stage)]
    parts.append(svg.circle(cx, pivot - 0.46 * r, 0.92 * r, svg.mix(ROSE, "#fff", 0.34)))
    parts.append(fan(cx, pivot, r))
    parts.append(svg.place(sword(), cx, pivot, 0.01 * r * 1.06))
    return "".join(parts)


def _stripes(stage: Stage) -> str:
    """The stage floor: boards in a deeper rose at the foot."""
    floor, u = stage.h * 0.84, stage.u
    deep = svg.mix(ROSE, PLUM, 0.16)
    if stage.kind == "wide":
        return svg.ellipse(stage.cx, floor + 3 * u, 46 * u, 8 * u, deep) + svg.ellipse(
            stage.cx, floor + 3 * u, 36 * u, 5.6 * u, svg.mix(ROSE, PLUM, 0.26)
        )
    boards = svg.rect(stage.left, floor, stage.w - stage.left, stage.h - floor, deep)
    rows = [
        (stage.left, floor + (stage.h - floor) * s, stage.w, floor + (stage.h - floor) * s) for s in (0.12, 0.34, 0.66)
    ]
    return boards + svg.strokes(rows, svg.mix(ROSE, PLUM, 0.3), 0.35 * u, cap="butt")


def fan(cx: float, cy: float, r: float) -> str:
    """Two quarter fans, one gold and dark, one teal and rose, with a gap of 12 degrees upright between them."""
    body = ""
    for side, (odd, even, trim) in (
        (-1, (GOLD, svg.mix(GOLD, PLUM, 0.16), PLUM)),
        (1, (TEAL, svg.mix(TEAL, PLUM, 0.3), GOLD)),
    ):
        for index in range(RIBS // 2):
            step = 84 / (RIBS / 2)
            a = 270 + side * (6 + index * step)
            b = 270 + side * (6 + (index + 1) * step)
            shape = [
                svg.polar(cx, cy, r * 0.36, a),
                svg.polar(cx, cy, r, a),
                svg.polar(cx, cy, r * 0.985, b),
                svg.polar(cx, cy, r * 0.35, b),
            ]
            body += svg.polygon(shape, even if index % 2 else odd)
            band = [
                svg.polar(cx, cy, r * 0.84, a),
                svg.polar(cx, cy, r * 0.9, a),
                svg.polar(cx, cy, r * 0.885, b),
                svg.polar(cx, cy, r * 0.825, b),
            ]
            body += svg.polygon(band, trim)
            spot = svg.polar(cx, cy, r * 0.63, (a + b) / 2)
            if index % 3 == 1:
                body += _blossom(*spot, r * 0.062, trim)
            stick = (*svg.polar(cx, cy, 0, a), *svg.polar(cx, cy, r * 0.36, (a + b) / 2))
            body += svg.strokes([stick], PLUM, r * 0.017)
    return body + svg.circle(cx, cy, r * 0.045, GOLD)


def _blossom(x: float, y: float, r: float, colour: str) -> str:
    petals = "".join(svg.disc_path(*svg.polar(x, y, r * 0.7, 72 * i - 90), r * 0.48) for i in range(5))
    return svg.path(petals, colour)


def sword() -> str:
    """Upright, its point in the pivot, 100 units of blade."""
    blade = svg.path("M0 0L-2.6 -8V-92H2.6V-8Z", PLUM)
    guard = svg.path("M-9 -92C-9 -96 -4 -98 0 -98C4 -98 9 -96 9 -92L4 -90H-4Z", GOLD)
    tassel = svg.path("M2 -116C10 -112 8 -104 12 -92C9 -94 7 -93 5 -91C6 -102 4 -108 0 -114Z", "#B5283A")
    return tassel + blade + guard + svg.rect(-2, -114, 4, 17, PLUM, r=1.5) + svg.circle(0, -116, 3.4, GOLD)


def mark(film: Film, ids: svg.Ids) -> str:
    return svg.circle(100, 100, 88, ROSE) + fan(100, 138, 74) + svg.place(sword(), 100, 138, 0.8)


def letters(film: Film) -> str:
    face = VOICES["didone"]
    size = fit(film.title_en, face, 660)
    return (
        line(film.title_en, 400, 1096, size, face, film.ink, anchor="middle")
        + line(film.credit, 400, 1146, 22, CREDIT, film.ink, anchor="middle")
        + column(film.title_zh, 84, 60, 60, film.ink)
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A fat half-open fan."""
    left, right = [(GOLD, TEAL), (ROSE, GOLD)][variant % 2]
    n = svg.num
    points = []
    for i in range(19):
        points.append(svg.polar(500, 720, 440 if i % 2 else 410, 195 + i * 150 / 18))
    d = svg.outline(points)[:-1] + f"L{n(560)} {n(740)}C540 800 460 800 440 740Z"
    half = svg.outline([(500, 760), *points[9:], (560, 740)])
    seams = "".join(
        svg.outline(
            [
                (
                    500 + 60 * math.cos(math.radians(195 + i * 150 / 18)),
                    720 + 60 * math.sin(math.radians(195 + i * 150 / 18)),
                ),
                points[i],
            ],
            closed=False,
        )
        for i in range(2, 18, 2)
    )
    detail = svg.path(half, right) + svg.path(
        seams, stroke=PLUM, stroke_opacity=0.25, stroke_width="4", stroke_dasharray="12 10"
    )
    return Plush(d, left, detail, (500, 540), PLUM)
