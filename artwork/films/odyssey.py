"""2001: A Space Odyssey: a thrown bone becomes an orbit round a black slab."""

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, CREDIT, VOICES, Face, fit, line
from ..plush import Plush

INK, WHITE, RED, BLUE = "#15161A", "#EFEDE6", "#E03A22", "#9FB4BF"
BONE = (
    "M-40 -5C-46 -14 -60 -12 -60 -3C-66 0 -66 8 -59 10C-57 17 -46 17 -41 8L38 6C43 15 56 16 60 8C67 6 68 -2 62 -5"
    "C62 -14 48 -16 42 -7Z"
)


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, cx = stage.u, stage.cx
    horizon = stage.h * (0.78 if stage.kind == "tall" else 0.8)
    height = (66 if stage.kind == "tall" else 58) * u
    half, top = height * 2 / 9, horizon - height
    parts = [svg.rect(0, 0, stage.w, stage.h, WHITE), _floor(stage, horizon, ids)]
    sun = 27 * u if stage.kind == "tall" else 25 * u
    parts.append(svg.circle(cx, top + 4 * u, sun, RED))
    parts.append(
        svg.circle(cx, top + 4 * u, sun * 0.8, svg.mix(RED, "#FFB199", 0.28))
        + svg.circle(cx, top + 4 * u, sun * 0.6, RED)
    )
    orbit = svg.path(_arc(cx, top + height * 0.42, 42 * u, 13 * u), stroke=INK, stroke_width=svg.num(0.5 * u))
    parts.append(svg.rect(cx - half, top, 2 * half, height, INK))
    parts.append(
        svg.polygon(
            [
                (cx + half, top),
                (cx + half + 2.6 * u, top + 1.7 * u),
                (cx + half + 2.6 * u, horizon - 0.9 * u),
                (cx + half, horizon),
            ],
            "#3A3C44",
        )
    )
    shadow = [
        (cx - half, horizon),
        (cx + half + 2.6 * u, horizon - 0.9 * u),
        (cx + half + 14 * u, horizon + 15 * u),
        (cx - half + 3 * u, horizon + 15 * u),
    ]
    parts.append(svg.polygon(shadow, svg.mix(WHITE, BLUE, 0.8)))
    parts.append(orbit)
    x, y = cx - 37.5 * u, top + height * 0.42 + 6 * u
    parts.append(svg.place(svg.path(BONE, INK), x, y, 0.16 * u, -42))
    parts.append(
        svg.circle(cx + 41.5 * u, top + height * 0.42 - 2.4 * u, 2.4 * u, BLUE)
        + svg.circle(cx + 27 * u, top + height * 0.42 + 9.7 * u, 1.1 * u, RED)
    )
    return "".join(parts)


def _arc(cx: float, cy: float, rx: float, ry: float) -> str:
    """An ellipse that passes in front of the slab and is broken behind it."""
    n = svg.num
    return f"M{n(cx - rx * 0.42)} {n(cy - ry * 0.9)}A{n(rx)} {n(ry)} 0 1 0 {n(cx + rx * 0.42)} {n(cy - ry * 0.9)}"


def _floor(stage: Stage, horizon: float, ids: svg.Ids) -> str:
    """Lit squares of a floor that run to the horizon."""
    tint, u = svg.mix(WHITE, BLUE, 0.34), stage.u
    depth = stage.h - horizon
    # In wide art the floor is a lit patch with a slanting edge, not a cut across the hero.
    near = (stage.left + 20 * u, stage.left) if stage.kind == "wide" else (stage.left, stage.left)
    patch = [(near[0], horizon), (stage.w, horizon), (stage.w, stage.h), (near[1], stage.h)]
    body = svg.polygon(patch, svg.mix(WHITE, BLUE, 0.16))
    levels = [horizon + depth * s for s in (0.16, 0.38, 0.68)]
    lines = [(stage.left, y, stage.w, y) for y in levels]
    cross = "".join(
        svg.outline(
            [
                (stage.cx + i * 9 * u, horizon),
                (stage.cx + i * 24 * u, stage.h + 2),
                (stage.cx + i * 24 * u + u, stage.h + 2),
                (stage.cx + i * 9 * u + 0.4 * u, horizon),
            ]
        )
        for i in range(-6, 7)
    )
    grid = svg.strokes(lines, tint, 0.7 * u, cap="butt") + svg.path(cross, tint)
    return body + svg.clipped(ids, svg.polygon(patch, "#000"), grid)


def mark(film: Film, ids: svg.Ids) -> str:
    body = svg.circle(100, 100, 88, WHITE) + svg.circle(100, 64, 42, RED)
    body += svg.rect(78, 60, 44, 100, INK) + svg.path("M76 92A70 20 0 1 0 124 92", stroke=INK, stroke_width="4")
    return body + svg.circle(168, 108, 7, BLUE) + svg.place(svg.path(BONE, INK), 36, 118, 0.3, -42)


def letters(film: Film) -> str:
    number, rest = film.title_en.split(": ")
    thin = Face("archivo", (("wdth", 125), ("wght", 180)), tracking=0.02)
    face = Face("archivo", VOICES["thin"].axes, caps=True, tracking=0.14)
    return (
        line(number, 48, 158, 128, thin, film.ink)
        + line(rest, 400, 1110, fit(rest, face, 696), face, film.ink, anchor="middle")
        + line(film.credit, 52, 1158, 22, CREDIT, film.ink)
        + line(film.title_zh, 748, 1160, 36, CHINESE, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A soft slab; the second is the bone."""
    if variant % 2:
        d = (
            "M330 440C300 350 190 360 186 452C130 470 130 570 196 590C210 670 310 676 344 600L652 596"
            "C690 672 800 664 812 588C876 570 876 470 816 448C806 360 700 346 664 436Z"
        )
        return Plush(d, "#F2EDDF", "", (500, 510), INK)
    d = "M330 210C330 186 346 176 370 176H630C654 176 670 186 670 210V770C670 796 654 806 630 806H370C346 806 330 796 330 770Z"
    return Plush(
        d, ["#2A2C33", RED][variant // 2 % 2], svg.rect(640, 200, 12, 560, "#fff", opacity=0.12, r=6), (500, 430), WHITE
    )
