"""Moon: one disc twice, and what the two share."""

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, Face, fit, line
from ..plush import Plush

BLACK, GREY, WHITE, YELLOW = "#131416", "#A7A9A6", "#F3F1EA", "#F4C22B"
CRATERS = ((-38, -34, 16), (-52, 12, 9), (-30, 42, 12), (-18, 2, 5))


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, cx = stage.u, stage.cx
    cy = stage.h * (0.44 if stage.kind == "tall" else 0.5)
    r = 29 * u if stage.kind == "tall" else 25 * u
    parts = [svg.rect(0, 0, stage.w, stage.h, BLACK)]
    line_colour, limit = svg.mix(BLACK, GREY, 0.42), stage.span * (0.49 if stage.kind == "wide" else 1.3)
    for i in range(15):
        reach = r * 1.62 + i * 3.6 * u
        if reach < limit:
            parts.append(svg.ring(cx, cy, reach, line_colour, 0.22 * u))
    return "".join(parts) + pair(cx, cy, r, ids)


def pair(cx: float, cy: float, r: float, ids: svg.Ids, colours: tuple[str, str, str] = (GREY, WHITE, YELLOW)) -> str:
    """Two discs of radius r whose overlap is lit, 2.9 r wide in all."""
    left, right = cx - r * 0.46, cx + r * 0.46
    old, new, shared = colours
    body = svg.circle(left, cy, r, old) + svg.circle(right, cy, r, new)
    body += "".join(
        svg.circle(left + x * r / 100 - r * 0.1, cy + y * r / 100, size * r / 100, svg.mix(old, BLACK, 0.2))
        for x, y, size in CRATERS
    )
    body += "".join(
        svg.circle(right - x * r / 100 + r * 0.1, cy + y * r / 100, size * r / 100, svg.mix(new, BLACK, 0.18))
        for x, y, size in CRATERS
    )
    body += svg.clipped(ids, svg.circle(left, cy, r, "#000"), svg.circle(right, cy, r, shared))
    body += svg.rect(cx - r * 0.007, cy - r * 0.34, r * 0.014, r * 0.68, BLACK)
    return body + svg.circle(cx, cy, r * 0.055, BLACK)


def mark(film: Film, ids: svg.Ids) -> str:
    return svg.circle(100, 100, 90, BLACK) + pair(100, 100, 52, ids)


def letters(film: Film) -> str:
    face = Face("archivo", (("wdth", 125), ("wght", 230)), caps=True, tracking=0.02)
    small = Face("archivo", (("wdth", 110), ("wght", 350)))
    size = fit(film.title_en, face, 660)
    grey = svg.mix(film.ink, film.ground, 0.2)
    return (
        line(film.title_en, 400, 1080, size, face, film.ink, anchor="middle")
        + line(film.directors[0], 60, 1138, 23, small, grey)
        + line(str(film.year), 400, 1138, 23, small, grey, anchor="middle")
        + line(film.title_zh, 748, 1140, 34, CHINESE, grey, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A soft moon with patches for craters."""
    felt = [WHITE, YELLOW, GREY][variant % 3]
    spots = "".join(svg.ellipse(x, y, rx, ry, svg.mix(felt, BLACK, 0.2)) for x, y, rx, ry in
                    ((350, 330, 62, 54), (668, 336, 58, 66), (720, 650, 74, 64), (330, 690, 52, 46), (270, 520, 26, 24)))  # fmt: skip
    return Plush(svg.disc_path(500, 500, 290), felt, spots, (500, 500), BLACK)
