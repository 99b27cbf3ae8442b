"""Chungking Express: a fruit tin cut in strips that have each moved on, as step printing moves."""

import math
import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, VOICES, Face, fit, line
from ..plush import Plush

INK, YELLOW, RED, CREAM = "#17130E", "#F6C71C", "#E5472C", "#F8EED2"
SEEDS = {"tall": 4, "square": 2, "wide": 7}
STRIPS = 15
TIN_W, TIN_H = 300.0, 440.0


def tin(ids: svg.Ids) -> str:
    """The whole tin in a 300 × 440 box: rings on the lid, red and cream bands, a net of dark lines."""
    side = "M10 62V378C10 452 290 452 290 378V62Z"
    bands = svg.rect(0, 40, 300, 400, RED)
    bands += svg.path("M0 108C100 158 200 158 300 108V172C200 222 100 222 0 172Z", CREAM)
    bands += svg.path("M0 172C100 222 200 222 300 172V288C200 338 100 338 0 288Z", YELLOW)
    net = [(x, 150, x + 130, 340) for x in range(-130, 300, 26)] + [(x, 150, x - 130, 340) for x in range(0, 430, 26)]
    bands += svg.clipped(ids, svg.path("M0 172C100 222 200 222 300 172V288C200 338 100 338 0 288Z", INK),
                         svg.strokes(net, INK, 5.4, cap="butt"))  # fmt: skip
    bands += svg.path("M0 288C100 338 200 338 300 288V340C200 390 100 390 0 340Z", CREAM)
    lid = svg.ellipse(150, 62, 142, 46, INK) + svg.ellipse(150, 60, 130, 38, CREAM)
    for rx, ry in ((112, 31), (88, 23), (62, 15.5)):
        lid += svg.ellipse(150, 60, rx, ry, "none", stroke=INK, stroke_width="4")
    lid += svg.ellipse(170, 58, 26, 9, "none", stroke=RED, stroke_width="7")
    return svg.clipped(ids, svg.path(side, INK), bands) + lid


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    u = stage.u
    height = {"tall": stage.h * 0.46, "square": 66 * u, "wide": 62 * u}[stage.kind]
    scale = height / TIN_H
    x, y = stage.cx - TIN_W * scale / 2 - (0 if stage.kind == "tall" else 3 * u), (stage.h - height) * 0.5
    if stage.kind == "tall":
        y = stage.h * 0.285
    parts = [svg.rect(0, 0, stage.w, stage.h, YELLOW), _bars(stage, y, height, dice)]
    body, strip = tin(ids), TIN_H / STRIPS
    whole = ids.new()
    parts.append(svg.tag("defs", svg.tag("g", body, id=whole)))
    use = svg.tag("use", href=f"#{whole}")
    for index in range(STRIPS):
        wave = math.sin(index * 0.75 + 0.4) * 4.4 * u
        shift = 0 if index < 3 else wave + dice.uniform(-1.8, 1.8) * u
        top = y + index * strip * scale
        if index in (4, 8, 12):
            for echo in (3, 2, 1):
                reach = shift + (1 if wave > 0 else -1) * echo * 5.4 * u
                parts.append(
                    svg.group(_strip(use, index, strip, x + reach, top, scale), opacity=0.16 + 0.12 * (3 - echo))
                )
        parts.append(_strip(use, index, strip, x + shift, top, scale))
    return "".join(parts)


def _strip(use: str, index: int, strip: float, x: float, y: float, scale: float) -> str:
    # A hair of overlap hides the seam between two strips.
    return svg.frame(use, x, y, TIN_W * scale, (strip + 0.6) * scale, (0, index * strip, TIN_W, strip + 0.6))


def _bars(stage: Stage, y: float, height: float, dice: random.Random) -> str:
    """Motion bars: thick soft ones behind, thin sharp ones between."""
    u, out = stage.u, []
    dark_yellow = svg.mix(YELLOW, "#C98A00", 0.45)
    reach = 10 * u if stage.kind != "wide" else 0
    for colour, width, count, long in (
        (dark_yellow, 3.0, 6, 32),
        (RED, 2.1, 5, 34),
        (CREAM, 2.6, 4, 22),
        (INK, 0.75, 7, 40),
    ):
        rows = []
        for index in range(count):
            level = y - 6 * u + (height + 12 * u) * (index + dice.uniform(0.1, 0.9)) / count
            length = dice.uniform(0.35, 1) * long * u
            start = stage.left + 2 * u - reach + dice.random() * max(stage.span + 2 * reach - length - 4 * u, u)
            rows.append((start, level, start + length, level))
        out.append(svg.strokes(rows, colour, width * u, cap="butt" if colour == INK else "round"))
    return "".join(out)


def mark(film: Film, ids: svg.Ids) -> str:
    return svg.place(tin(ids), 48, 24, 0.347)


def letters(film: Film) -> str:
    face = VOICES["wide"]
    first, second = film.title_en.split(" ")
    credit = Face("archivo", (("wdth", 125), ("wght", 600)))
    return (
        line(first, 52, 158, fit(first, face, 696), face, film.ink)
        + line(second, 52, 1126, fit(second, face, 696), face, film.ink)
        + line(film.title_zh, 52, 226, 44, CHINESE, film.ink)
        + line(film.credit.replace(",", " "), 748, 222, 22, credit, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A fat tin."""
    label, net = [(YELLOW, CREAM), (CREAM, YELLOW), (RED, CREAM)][variant % 3]
    d = "M220 270C220 180 780 180 780 270V700C780 820 220 820 220 700Z"
    weave = [(x, 330, x + 330, 740) for x in range(-140, 780, 64)] + [
        (x, 330, x - 330, 740) for x in range(240, 1140, 64)
    ]
    belt = "M220 350C330 412 670 412 780 350V640C670 716 330 716 220 640Z"
    detail = svg.clipped(ids, svg.path(belt, INK), svg.rect(200, 300, 600, 460, label) + svg.strokes(weave, net, 13))
    detail += svg.ellipse(500, 500, 118, 74, label)
    detail += svg.ellipse(500, 272, 262, 66, CREAM) + svg.ellipse(
        500, 270, 206, 48, "none", stroke=RED, stroke_width="15"
    )
    detail += svg.ellipse(512, 268, 92, 20, "none", stroke=INK, stroke_width="10")
    return Plush(d, RED if label != RED else YELLOW, detail, (500, 492), INK)
