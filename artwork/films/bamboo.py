"""Crouching Tiger, Hidden Dragon: a sword at rest on a bamboo that bends and does not break."""

import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, VOICES, Face, fit, line
from ..plush import Plush

FOREST, JADE, MOON, GOLD = "#12362E", "#5E9C6B", "#E9EBCB", "#D9A23B"
HAZE, STEEL = "#C3D3A6", "#FAF8E6"
SEEDS = {"tall": 7, "square": 3, "wide": 3}
LEAF = "M0 0C8 -7 26 -9 46 2C28 8 10 7 0 0Z"


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    u, cx = stage.u, stage.cx
    peak = stage.h * (0.40 if stage.kind == "tall" else 0.44)
    parts = [svg.rect(0, 0, stage.w, stage.h, FOREST)]
    parts.append(svg.circle(cx + 13 * u, peak - 2 * u, 25 * u, HAZE))
    parts.append(_grove(stage, dice))
    parts.append(_bent(stage, peak))
    parts.append(svg.place(sword(), cx - 1 * u, peak - 1.6 * u, 0.6 * u, -7))
    return "".join(parts)


def _grove(stage: Stage, dice: random.Random) -> str:
    """Straight stalks, darker where they are further off, open in the middle."""
    u, out = stage.u, []
    far, near = svg.mix(FOREST, JADE, 0.22), svg.mix(FOREST, JADE, 0.52)
    start = stage.left + (6 * u if stage.kind == "wide" else 1 * u)
    x = start
    while x < stage.w:
        middle = abs(x - stage.cx) < 26 * u
        if not middle or dice.random() < 0.5:
            out.append(_stalk(x, dice.uniform(1.6, 2.6) * u if middle else dice.uniform(2.2, 4.2) * u,
                              stage.h, far if middle or dice.random() < 0.5 else near, u, dice))  # fmt: skip
        x += dice.uniform(5.5, 10) * u
    return "".join(out)


def _stalk(x: float, w: float, h: float, colour: str, u: float, dice: random.Random) -> str:
    """A bamboo as separate joints with a gap of ground between, and now and then a spray of leaves."""
    y, body = -dice.uniform(2, 16) * u, ""
    while y < h:
        length = dice.uniform(12, 19) * u
        body += svg.rect(x, y, w, length, colour, r=0.45 * u)
        body += svg.rect(x - 0.35 * u, y + length - 0.9 * u, w + 0.7 * u, 1.0 * u, colour, r=0.5 * u)
        if dice.random() < 0.12:
            side = dice.choice((0, 180))
            for turn in (-24, 8, 40):
                body += svg.place(svg.path(LEAF, colour), x + w / 2, y + length, 0.2 * u, side + turn)
        y += length + 0.5 * u
    return body


def _bent(stage: Stage, peak: float) -> str:
    """The stalk in front: up from the lower left, over, and down to a leafy tip on the right."""
    u, cx, n = stage.u, stage.cx, svg.num
    foot = stage.h + 4 * u
    left, right = cx - 30 * u, cx + 37 * u
    if stage.kind == "wide":
        left = max(left, stage.left + 4 * u)
    d = (f"M{n(left)} {n(foot)}C{n(left + 2 * u)} {n(peak + 26 * u)} {n(cx - 20 * u)} {n(peak)} {n(cx + 4 * u)} {n(peak)}"
         f"C{n(cx + 22 * u)} {n(peak)} {n(right - 4 * u)} {n(peak + 12 * u)} {n(right)} {n(peak + 34 * u)}")  # fmt: skip
    stalk = svg.path(d, stroke=JADE, stroke_width=n(3.4 * u), stroke_linecap="round")
    joints = svg.path(
        d,
        stroke=FOREST,
        stroke_width=n(3.8 * u),
        stroke_dasharray=f"{n(0.7 * u)} {n(13 * u)}",
        stroke_dashoffset=n(-8 * u),
    )
    leaves = "".join(
        svg.place(svg.path(LEAF, JADE), right + dx * u, peak + dy * u, size * u, turn)
        for dx, dy, size, turn in (
            (0, 33, 0.42, 100),
            (0, 30, 0.3, 64),
            (-1, 27, 0.28, 140),
            (-2.4, 21, 0.25, 40),
            (-1, 32, 0.24, 168),
        )
    )
    return stalk + joints + leaves


def sword() -> str:
    """A straight sword lying flat, 124 long, its middle at the origin, the hilt at the left."""
    blade = svg.path("M-34 -2.1H70L86 0L70 2.1H-34Z", STEEL) + svg.path("M-34 0H86L70 2.1H-34Z", "#9DAF8E")
    guard = svg.path("M-35 -6C-39 -6 -40 -3 -40 0C-40 3 -39 6 -35 6L-32 3V-3Z", GOLD)
    grip = svg.rect(-56, -1.9, 17, 3.8, "#0B1F1A", r=1.2) + svg.circle(-57.5, 0, 3, GOLD)
    tassel = svg.path("M-58 2C-61 10 -57 16 -60 30C-57 28 -54 29 -53 31C-53 20 -55 10 -57 2Z", GOLD)
    return tassel + blade + grip + guard


def mark(film: Film, ids: svg.Ids) -> str:
    body = svg.circle(100, 100, 88, FOREST) + svg.circle(110, 92, 50, HAZE)
    body += svg.path(
        "M42 176C46 118 66 86 104 86C140 86 156 108 160 146", stroke=JADE, stroke_width="9", stroke_linecap="round"
    )
    body += svg.path(
        "M42 176C46 118 66 86 104 86C140 86 156 108 160 146",
        stroke=FOREST,
        stroke_width="10",
        stroke_dasharray="2 30",
        stroke_dashoffset="-16",
    )
    body += "".join(svg.place(svg.path(LEAF, JADE), 160, 144, 0.62, turn) for turn in (96, 62, 134))
    return svg.clipped(ids, svg.circle(100, 100, 88, "#000"), body) + svg.place(sword(), 92, 80, 0.98, -7)


def letters(film: Film) -> str:
    face = VOICES["didone"]
    first, second = film.title_en.split(", ")
    credit = Face("archivo", (("wght", 450),))
    size = fit(second, face, 540)
    return (
        line(f"{first},", 52, 1040, size, face, film.ink)
        + line(second, 52, 1040 + size * 1.02, size, face, film.ink)
        + line(film.credit, 54, 1164, 22, credit, film.ink)
        + line(film.title_zh, 52, 108, 54, CHINESE, film.ink)
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A bamboo shoot in its sheaths."""
    husk, tip = [("#C9A469", JADE), (JADE, MOON), (MOON, GOLD)][variant % 3]
    d = "M500 170C560 230 690 420 716 600C734 730 640 800 500 800C360 800 266 730 284 600C310 420 440 230 500 170Z"
    inner = svg.path(
        "M500 170C540 212 620 320 668 440C600 400 560 350 500 300C440 350 400 400 332 440C380 320 460 212 500 170Z", tip
    )
    fold = svg.mix(husk, FOREST, 0.22)
    sheath = svg.path(
        "M332 440C420 420 480 360 500 300C520 360 580 420 668 440C690 490 706 540 714 590C620 560 540 500 500 440C460 500 380 560 286 590C294 540 310 490 332 440Z",
        fold,
    )
    return Plush(d, husk, sheath + inner, (500, 640), FOREST)
