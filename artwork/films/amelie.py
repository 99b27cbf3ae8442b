"""Amélie: a spoon through the caramel, seen from above."""

import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, DIDONE_CREDIT, DIDONE_ITALIC, fit, line
from ..plush import Plush

GREEN, RED, CARAMEL, CREAM = "#1C4A3A", "#BF321D", "#E9B14A", "#F8EACB"
BURNT = "#8A4A12"
SEEDS = {"tall": 11, "square": 11, "wide": 11}


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, side = stage.u, 14.2 * stage.u
    check = svg.mix(RED, "#8E1608", 0.36)
    parts = [svg.rect(0, 0, stage.w, stage.h, RED)]
    for row in range(int(stage.h / side) + 1):
        for index in range(int(stage.span / side) + 1):
            if (row + index) % 2 and (stage.kind != "wide" or index > 0):
                x = stage.left + index * side
                parts.append(svg.rect(x, row * side, min(side, stage.w - x), min(side, stage.h - row * side), check))
    cy = stage.h * (0.47 if stage.kind == "tall" else 0.52)
    r = 47 * u if stage.kind == "tall" else 40 * u
    return "".join(parts) + svg.place(plate(SEEDS[stage.kind]), stage.cx, cy, r / 100)


def plate(seed: int) -> str:
    """The dish with its green rims, 100 in radius, and the spoon reaching out to the top right."""
    dice = random.Random(f"amelie/plate/{seed}")
    body = svg.circle(0, 0, 100, CREAM) + svg.ring(0, 0, 93, GREEN, 2.2) + svg.ring(0, 0, 80, GREEN, 4.4)
    scallops = "".join(svg.disc_path(*svg.polar(0, 0, 73, i * 10), 6.6) for i in range(36))
    body += svg.path(scallops, svg.mix(CREAM, "#fff", 0.35)) + svg.circle(0, 0, 73, svg.mix(CREAM, "#fff", 0.35))
    body += svg.circle(0, 0, 66, svg.mix(CREAM, BURNT, 0.16)) + svg.circle(0, 0, 62, CARAMEL)
    for x, y, rx, ry in ((-24, -20, 20, 14), (24, 26, 15, 10), (-20, 34, 11, 7), (-38, 15, 7, 5), (32, -34, 8, 5)):
        body += svg.ellipse(x, y, rx, ry, svg.mix(CARAMEL, BURNT, 0.2))
    body += _cracks(dice)
    body += svg.path("M2 -30L14 -36L27 -31L24 -22L10 -18Z", CREAM) + svg.path(
        "M26 -20L35 -12L30 -2L20 -8Z", svg.mix(CARAMEL, RED, 0.3), stroke=BURNT, stroke_width="1.4"
    )
    return body + spoon()


def _cracks(dice: random.Random) -> str:
    """Jagged lines from where the spoon struck, each with a branch."""
    d = ""
    for index in range(9):
        angle, x, y = index * 40 + dice.uniform(-12, 12), 14.0, -12.0
        steps = [(x, y)]
        for _ in range(dice.choice((3, 4))):
            angle += dice.uniform(-34, 34)
            x, y = svg.polar(x, y, dice.uniform(8, 14), angle)
            if x * x + y * y > 58 * 58:
                break
            steps.append((x, y))
        d += svg.outline(steps, closed=False)
        if len(steps) > 2:
            end = svg.polar(*steps[2], 9, angle + dice.choice((-55, 55)))
            d += svg.outline([steps[2], end], closed=False)
    return svg.path(d, stroke=BURNT, stroke_width="1.7", stroke_linejoin="round")


def spoon() -> str:
    bowl = svg.path("M-14 0C-14 -14 -7 -23 0 -23C7 -23 14 -14 14 0C14 13 7 20 0 20C-7 20 -14 13 -14 0Z", GREEN)
    glint = svg.ellipse(1, 3, 6, 9, svg.mix(GREEN, "#fff", 0.3))
    handle = svg.path(
        "M-2.4 -20L-1.6 -96C-4 -104 -5 -118 -3 -128C-2 -132 2 -132 3 -128C5 -118 4 -104 1.6 -96L2.4 -20Z", GREEN
    )
    return svg.place(handle + bowl + glint, 13, -6, 1, 38)


def mark(film: Film, ids: svg.Ids) -> str:
    body = svg.circle(0, 0, 82, CREAM) + svg.ring(0, 0, 72, RED, 5) + svg.circle(0, 0, 58, CARAMEL)
    body += svg.place(_cracks(random.Random("amelie/mark/4")), 0, 0, 0.9) + svg.place(spoon(), 2, 6, 0.86)
    return svg.place(body, 96, 106)


def letters(film: Film) -> str:
    size = fit(film.title_en, DIDONE_ITALIC, 620)
    return (
        line(film.title_en, 400, 1112, size, DIDONE_ITALIC, film.ink, anchor="middle")
        + line(film.credit, 400, 1158, 25, DIDONE_CREDIT, film.ink, anchor="middle")
        + line(film.title_zh, 400, 102, 38, CHINESE, film.ink, anchor="middle")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A round of caramel with one crack."""
    felt, crack = [(CARAMEL, CREAM), (RED, CREAM), (GREEN, CARAMEL)][variant % 3]
    crumbs = svg.ellipse(390, 370, 76, 50, svg.mix(felt, BURNT, 0.14)) + svg.ellipse(
        640, 640, 64, 42, svg.mix(felt, BURNT, 0.14)
    )
    d = svg.outline([(560, 250), (600, 350), (570, 420), (690, 470)], closed=False) + "M600 350L690 320"
    return Plush(
        svg.disc_path(500, 500, 280),
        felt,
        crumbs + svg.path(d, stroke=crack, stroke_width="13", stroke_linejoin="round", stroke_linecap="round"),
        (480, 520),
        "#3A1C0A" if felt == CARAMEL else CREAM,
    )
