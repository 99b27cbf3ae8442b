"""The Wandering Earth: a small blue world burning its way past a banded giant."""

import math
import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, VOICES, fit, line
from ..plush import Plush

NIGHT, ORANGE, ICE, BLUE = "#0C1020", "#DA853D", "#DCEBEF", "#2C72B4"
SEEDS = {"tall": 3, "square": 6, "wide": 4}


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    u = stage.u
    if stage.kind == "tall":
        gx, gy, gr = stage.w * 0.64, stage.h * 0.72, 62.5 * u
        ex, ey, er = stage.w * 0.385, stage.h * 0.36, 13 * u
    else:
        gx, gy, gr = stage.left + stage.span * 0.7, stage.h * 0.72, 52 * u
        ex, ey, er = stage.left + stage.span * 0.32, stage.h * 0.27, 11.5 * u
    parts = [svg.rect(0, 0, stage.w, stage.h, NIGHT)]
    for _ in range(60):
        x, y = stage.left + dice.random() * stage.span, dice.random() * stage.h
        parts.append(svg.circle(x, y, dice.choice((0.15, 0.2, 0.32)) * u, ICE, opacity=0.8))
    parts.append(_giant(gx, gy, gr, ids))
    parts.append(plumes(ex, ey, er))
    parts.append(world(ex, ey, er, ids))
    return "".join(parts)


def _giant(x: float, y: float, r: float, ids: svg.Ids) -> str:
    """Wavy bands inside a disc, with one storm."""
    pale, deep, brown = (
        svg.mix(ORANGE, "#FFE3B8", 0.5),
        svg.mix(ORANGE, "#7A2E10", 0.42),
        svg.mix(ORANGE, "#6A240C", 0.66),
    )
    cream = svg.mix(ORANGE, "#FFEFD6", 0.82)
    bands = [(pale, 0), (deep, 0.12), (ORANGE, 0.2), (cream, 0.3), (brown, 0.35), (ORANGE, 0.43), (pale, 0.55), (deep, 0.66),
             (ORANGE, 0.73), (pale, 0.83), (deep, 0.9)]  # fmt: skip
    body = svg.circle(x, y, r, pale)
    for index, (colour, share) in enumerate(bands):
        top = y - r + 2 * r * share
        edge = [(x - r + 2 * r * i / 24, top + r * 0.022 * math.sin(i * 0.62 + index * 1.9)) for i in range(25)]
        body += svg.polygon([*edge, (x + r, y + r), (x - r, y + r)], colour)
    body += svg.ellipse(x - r * 0.02, y + r * 0.22, r * 0.19, r * 0.105, brown)
    body += svg.ellipse(x - r * 0.02, y + r * 0.22, r * 0.115, r * 0.055, cream)
    return svg.clipped(ids, svg.circle(x, y, r, "#000"), body)


def plumes(x: float, y: float, r: float) -> str:
    """Seventeen engines on the far side: 52° ± 8 × 6.6°, longest in the middle."""
    d = ""
    for i in range(-8, 9):
        angle = 52 + i * 6.6
        tip = svg.polar(x, y, r + r * (3.2 - 0.045 * i * i), angle)
        a, b = svg.polar(x, y, r * 0.97, angle - 1.7), svg.polar(x, y, r * 0.97, angle + 1.7)
        d += svg.outline([a, tip, b])
    return svg.path(d, ICE)


def world(x: float, y: float, r: float, ids: svg.Ids) -> str:
    land = "M-70 -100C-30 -60 20 -84 60 -96L40 -60C0 -40 -20 -30 -10 -10C-40 4 -60 -20 -100 -16V-100Z"
    coast = "M-14 22C10 4 30 16 44 20C40 48 60 64 30 84C0 104 -22 84 -12 64C-4 50 -24 40 -14 22Z"
    rim = "M100 -60C70 -40 64 0 84 20C92 30 100 30 110 30V-60Z"
    shapes = svg.path(land, ICE) + svg.path(coast, ICE) + svg.path(rim, svg.mix(BLUE, ICE, 0.35))
    return svg.clipped(ids, svg.circle(x, y, r, "#000"),
                       svg.circle(x, y, r, BLUE) + svg.place(shapes, x, y, r / 100))  # fmt: skip


def mark(film: Film, ids: svg.Ids) -> str:
    fire = svg.path("".join(
        svg.outline([svg.polar(84, 84, 50, a - 1.9), svg.polar(84, 84, 52 + 62 - 0.9 * (i - 6) ** 2, a), svg.polar(84, 84, 50, a + 1.9)])
        for i, a in ((i, 45 + (i - 6) * 9) for i in range(13))), ORANGE)  # fmt: skip
    return fire + world(84, 84, 52, ids)


def letters(film: Film) -> str:
    face = VOICES["wide"]
    the, first, second = film.title_en.split(" ")
    size = fit(first, face, 696)
    return (
        line(the, 52, 96, 30, face, film.ink)
        + line(first, 52, 174, size, face, film.ink)
        + line(second, 748, 1136, size * 0.92, face, film.ground, anchor="end")
        + line(film.title_zh, 748, 92, 37, CHINESE, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A round world; the second is the banded giant."""
    d = svg.disc_path(500, 500, 290)
    if variant % 2:
        return Plush(d, ORANGE, _giant(500, 500, 290, ids), (500, 460), NIGHT)
    return Plush(d, BLUE, world(500, 500, 290, ids), (500, 490), NIGHT)
