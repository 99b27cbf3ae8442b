"""The Grandmaster: rain that goes round a hat."""

import random

from .. import svg
from ..film import Film, Stage
from ..lettering import Face, column, fit, line
from ..plush import Plush

INK, STONE, GOLD, GREY = "#17191C", "#DCD6C6", "#B58A36", "#707C80"
SEEDS = {"tall": 2, "square": 5, "wide": 3}
# The hat in a box 200 wide, brim level at y 0.
BRIM = "M-100 0C-100 -12 -62 -16 -54 -14C-30 -22 30 -22 54 -14C62 -16 100 -12 100 0C100 14 52 20 0 20C-52 20 -100 14 -100 0Z"
CROWN = (
    "M-58 -8C-56 -40 -46 -66 -26 -66C-14 -66 -8 -58 0 -58C8 -58 14 -66 26 -66C46 -66 56 -40 58 -8C30 2 -30 2 -58 -8Z"
)
BAND = "M-59 -12C-59 -20 -58 -24 -57 -29C-30 -18 30 -18 57 -29C58 -24 59 -20 59 -12C30 2 -30 2 -59 -12Z"


def hat(brim: str = INK, band: str = GOLD) -> str:
    return svg.path(BRIM, brim) + svg.path(CROWN, brim) + svg.path(BAND, band)


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    u, floor, cx = stage.u, stage.h * 0.84, stage.cx
    brim_y, half = stage.h * 0.5, 31 * u
    parts = [svg.rect(0, 0, stage.w, stage.h, STONE), _rain(stage, floor, brim_y, half, dice)]
    if stage.kind == "wide":
        parts.append(svg.ellipse(cx, floor + (stage.h - floor) * 0.42, 47 * u, (stage.h - floor) * 0.46, INK))
    else:
        parts.append(svg.rect(0, floor, stage.w, stage.h - floor, INK))
    middle, deep = floor + (stage.h - floor) * 0.36, (stage.h - floor) * 0.27
    for reach, colour in ((1, GOLD), (0.7, STONE), (0.42, GOLD)):
        parts.append(svg.ellipse(cx, middle, 34.5 * u * reach, deep * reach, "none", stroke=colour,
                                 stroke_width=svg.num(0.5 * u)))  # fmt: skip
    parts.append(svg.place(hat(), cx, brim_y, half / 100))
    parts.append(
        svg.place(
            svg.path("M0 -9C4 -2 6 2 6 6A6 6 0 0 1 -6 6C-6 2 -4 -2 0 -9Z", GOLD), cx + 29 * u, brim_y + 7 * u, 0.22 * u
        )
    )
    return "".join(parts)


def _rain(stage: Stage, floor: float, brim_y: float, half: float, dice: random.Random) -> str:
    """Lines every 1.55 u, of length 4..17 u; under the brim there is none, over it they stop on the hat."""
    u = stage.u
    dark: list[tuple[float, float, float, float]] = []
    pale: list[tuple[float, float, float, float]] = []
    fall = floor if stage.kind != "wide" else floor + (stage.h - floor) * 0.2
    x = (stage.left + u) if stage.kind == "wide" else 0.6 * u
    while x < stage.w:
        limit = _hat_top(abs(x - stage.cx), brim_y, half)
        y = -dice.uniform(0, 12) * u
        while y < (limit or fall):
            length = dice.uniform(4, 17) * u
            end = min(y + length, (limit - 0.8 * u) if limit else fall)
            thinned = stage.kind == "wide" and dice.random() > (x - stage.left) / (stage.span * 0.2)
            if end - y > u and not thinned:
                (pale if dice.random() < 0.16 else dark).append((x, y, x, end))
            y += length + dice.uniform(0.8, 3) * u
        x += 1.55 * u
    return svg.strokes(dark, svg.mix(INK, STONE, 0.18), 0.42 * u, cap="butt") + svg.strokes(
        pale, GREY, 0.42 * u, cap="butt"
    )


def _hat_top(distance: float, brim_y: float, half: float) -> float | None:
    """Where rain at this distance from the middle meets the hat; None beside it."""
    if distance > half:
        return None
    if distance < half * 0.57:
        return brim_y - half * (0.67 if distance < half * 0.4 else 0.5)
    return brim_y - half * 0.14


def mark(film: Film, ids: svg.Ids) -> str:
    drops = [
        (50, 30, 50, 66),
        (66, 22, 66, 48),
        (83, 30, 83, 58),
        (100, 18, 100, 52),
        (117, 30, 117, 58),
        (134, 22, 134, 48),
        (150, 30, 150, 66),
    ]
    rings = svg.ellipse(100, 162, 56, 11, "none", stroke=GOLD, stroke_width="4") + svg.ellipse(100, 162, 27, 5, GOLD)
    return svg.circle(100, 100, 92, STONE) + svg.strokes(drops, INK, 4.5) + svg.place(hat(), 100, 122, 0.74) + rings


def letters(film: Film) -> str:
    face = Face("archivo", (("wdth", 125), ("wght", 320)), caps=True, tracking=0.12)
    size = fit(film.title_en, face, 530)
    return (
        svg.rect(52, 54, 92, 354, GOLD)
        + column(film.title_zh, 98, 74, 62, film.ground, step=1.33)
        + line(film.title_en, 400, 1166, size, face, STONE, anchor="middle")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A hat."""
    felt, band = [("#3A3D42", GOLD), (STONE, "#6B2A22"), (GREY, INK)][variant % 3]
    d = (
        "M90 640C80 590 190 560 268 556C276 420 320 300 400 300C450 300 460 330 500 330C540 330 550 300 600 300"
        "C680 300 724 420 732 556C810 560 920 590 910 640C900 720 720 766 500 766C280 766 100 720 90 640Z"
    )
    ribbon = svg.path(
        "M266 560C268 530 270 508 274 486C400 528 600 528 726 486C730 508 732 530 734 560C640 610 360 610 266 560Z",
        band,
    )
    dent = svg.path("M440 316C470 350 530 350 560 316C545 420 455 420 440 316Z", "#000", opacity=0.18)
    return Plush(d, felt, ribbon + dent, (500, 668), "#F6E7CC" if felt != STONE else INK)
