"""Paris, Texas: a red cap goes down over the desert like the sun at the end of a road."""

from itertools import pairwise

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, VOICES, Face, fit, line
from ..plush import Plush

WINE, PEACH, RED, TEAL = "#3B1414", "#F2B79B", "#D8402A", "#2F7F86"


def cap(peak: str = RED) -> str:
    """A cap from the side on a base line, dome radius 50, its brim to the right."""
    dome = svg.path("M-50 0C-52 -40 -36 -63 0 -63C34 -63 51 -42 51 0Z", peak)
    panel = svg.path("M-18 -46C-32 -34 -36 -16 -36 0H-33C-33 -16 -28 -34 -16 -47Z", svg.mix(peak, WINE, 0.35))
    panel += svg.path("M18 -46C30 -34 34 -16 34 0H31C31 -16 26 -34 16 -47Z", svg.mix(peak, WINE, 0.35))
    brim = svg.path("M14 0C22 -14 34 -19 50 -19C84 -19 112 -12 120 -3C122 0 118 2 112 2H14Z", svg.mix(peak, WINE, 0.5))
    return dome + panel + brim + svg.rect(-6, -66, 12, 5, svg.mix(peak, WINE, 0.35), r=2.4)


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, cx, w, left = stage.u, stage.cx, stage.w, stage.left
    horizon = stage.h * (0.58 if stage.kind == "tall" else 0.62)
    scale = (0.6 if stage.kind == "tall" else 0.5) * u
    parts = [svg.rect(0, 0, w, stage.h, PEACH)]
    for index, share in enumerate((0.5, 0.3, 0.15)):
        parts.append(
            svg.circle(
                cx,
                horizon,
                (64 - index * 11) * u * (1 if stage.kind == "tall" else 0.72),
                svg.mix(PEACH, "#FFF0DC", share * 0.9),
            )
        )
    parts.append(svg.place(cap(), cx - 10 * u, horizon + 0.6 * u, scale))
    parts.append(_desert(stage, horizon))
    parts.append(_poles(stage, horizon))
    if stage.kind != "wide":
        return "".join(parts)
    # Seen through a windscreen, so that no edge of the desert cuts the words' ground.
    pane = svg.rect(left + 2 * u, stage.h * 0.06, stage.span - 8 * u, stage.h * 0.88, "#000", r=13 * u)
    return svg.rect(0, 0, w, stage.h, PEACH) + svg.clipped(ids, pane, "".join(parts[1:]))


def _desert(stage: Stage, horizon: float) -> str:
    """Bands of land, a mesa on each side, and the road."""
    u, n, w, h, left, cx = stage.u, svg.num, stage.w, stage.h, stage.left, stage.cx
    ochre, rust = svg.mix(RED, PEACH, 0.42), svg.mix(RED, WINE, 0.3)
    mesa = f"M{n(left)} {n(horizon)}V{n(horizon - 9 * u)}H{n(left + 9 * u)}L{n(left + 11 * u)} {n(horizon - 4 * u)}H{n(left + 16 * u)}L{n(left + 19 * u)} {n(horizon)}Z"
    body = svg.path(mesa, TEAL)
    deep = h - horizon
    for share, colour in (
        (0, ochre),
        (0.14, svg.mix(ochre, rust, 0.4)),
        (0.36, rust),
        (0.7, svg.mix(rust, WINE, 0.42)),
    ):
        body += svg.rect(left, horizon + deep * share, w - left, deep * (1 - share) + 1, colour)
    reach = 30 * u
    body += svg.polygon(
        [(cx - 1.1 * u, horizon), (cx + 1.1 * u, horizon), (cx + reach, h + 1), (cx - reach, h + 1)], WINE
    )
    y, step = horizon + 1.6 * u, 1.3 * u
    while y < h:
        half = 0.06 * u + 1.0 * u * (y - horizon) / deep
        body += svg.rect(cx - half, y, 2 * half, step, PEACH)
        y += step * 2.2
        step *= 1.36
    return body


def _poles(stage: Stage, horizon: float) -> str:
    """Telegraph poles that shrink along the road, with their wires."""
    u, cx, out, tops = stage.u, stage.cx, [], []
    for index in range(6):
        near = 0.56**index
        x, foot = cx + 4 * u + 40 * u * near, horizon + 24 * u * near * (1 if stage.kind == "tall" else 0.62)
        top = foot - 62 * u * near
        out.append(svg.rect(x - 0.7 * u * near, top, 1.4 * u * near, foot - top, WINE))
        out.append(svg.rect(x - 4.6 * u * near, top + 3 * u * near, 9.2 * u * near, 1.2 * u * near, WINE))
        tops.append((x, top + 3 * u * near, near))
    wires = ""
    for side in (-4.2, 4.2):
        for (x1, y1, n1), (x2, y2, n2) in pairwise(tops):
            a, b = x1 + side * u * n1, x2 + side * u * n2
            wires += f"M{svg.num(a)} {svg.num(y1)}Q{svg.num((a + b) / 2)} {svg.num((y1 + y2) / 2 + 5 * u * n1)} {svg.num(b)} {svg.num(y2)}"
    return svg.path(wires, stroke=WINE, stroke_width=svg.num(0.28 * u)) + "".join(out)


def mark(film: Film, ids: svg.Ids) -> str:
    body = svg.circle(100, 100, 88, PEACH) + svg.place(cap(), 94, 112, 0.95)
    body += svg.rect(0, 111, 200, 90, svg.mix(RED, WINE, 0.3)) + svg.polygon(
        [(97, 111), (103, 111), (150, 200), (50, 200)], WINE
    )
    body += (
        svg.rect(98.4, 122, 3.2, 10, PEACH) + svg.rect(97.6, 141, 4.8, 15, PEACH) + svg.rect(96.6, 166, 6.8, 22, PEACH)
    )
    return svg.clipped(ids, svg.circle(100, 100, 88, "#000"), body)


def letters(film: Film) -> str:
    face = VOICES["wide"]
    first, second = film.title_en.split(" ")
    credit = Face("archivo", (("wdth", 110), ("wght", 520)))
    size = fit(second, face, 696)
    return (
        line(first, 52, 150, size * 0.86, face, film.ink)
        + line(second, 52, 1112, size, face, PEACH)
        + line(film.credit, 54, 1158, 22, credit, PEACH)
        + line(film.title_zh, 52, 214, 44, CHINESE, film.ink)
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A cap."""
    felt, brim = [(RED, "#A92A1C"), (TEAL, "#1F5F66"), (PEACH, RED)][variant % 3]
    d = (
        "M190 640C180 420 280 270 462 270C470 244 520 244 528 270C660 276 740 370 764 500C850 520 920 560 930 610"
        "C930 650 820 676 700 690C540 720 320 730 220 700C200 692 192 670 190 640Z"
    )
    peak = svg.path(
        "M520 640C600 560 690 500 764 500C850 520 920 560 930 610C930 650 820 676 700 690C630 702 570 700 520 640Z",
        brim,
    )
    seams = svg.path(
        "M495 262C420 380 400 560 410 716M495 262C600 330 660 420 690 520",
        stroke=WINE,
        stroke_opacity=0.35,
        stroke_width="5",
        stroke_dasharray="14 10",
    )
    return Plush(d, felt, peak + seams, (386, 560), "#2A0F0F" if felt != TEAL else PEACH)
