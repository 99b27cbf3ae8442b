"""Spirited Away: a lit tower on a pale disc, and paper birds that come round it in an arc."""

import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, VOICES, Face, fit, line
from ..plush import Plush

NAVY, RED, CREAM, TEAL = "#15304A", "#D6432C", "#F6E6BF", "#6DB3A8"
SEEDS = {"tall": 6, "square": 4, "wide": 2}
BIRD = "M0 0L-26 -15L-10 1L-24 15L2 6L4 15L9 5L20 2L9 -3Z"


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    u, cx = stage.u, stage.cx
    shore = stage.h * (0.775 if stage.kind == "tall" else 0.8)
    r = 36 * u if stage.kind == "tall" else 33 * u
    cy = shore - (48 if stage.kind == "tall" else 40) * u
    parts = [svg.rect(0, 0, stage.w, stage.h, TEAL), svg.circle(cx, cy, r, CREAM)]
    parts.append(_birds(stage, cx, cy, r, dice))
    parts.append(_shore(stage, shore))
    parts.append(svg.place(tower(), cx, shore, u * (0.92 if stage.kind == "tall" else 0.82)))
    return "".join(parts) + _water(cx, shore, u)


def tower() -> str:
    """Four storeys with deep roofs, 60 wide, standing on y 0."""
    parts, base = [], 0.0
    for half, height in ((19.5, 12), (15.6, 10.4), (12, 9), (8.8, 7.6)):
        parts.append(svg.rect(-half, base - height, 2 * half, height, RED))
        panes = round(half * 2 / 6.3)
        pitch = (2 * half - 2) / panes
        parts += [
            svg.rect(-half + 1 + pitch * i + pitch * 0.18, base - height * 0.72, pitch * 0.64, height * 0.56, CREAM)
            for i in range(panes)
        ]
        eave, lift = half + 9.5, base - height
        parts.append(svg.path(
            f"M{-eave:.1f} {lift + 0.6:.1f}C{-half - 3:.1f} {lift - 0.6:.1f} {-half + 1:.1f} {lift - 3:.1f} {-half + 3:.1f} {lift - 5.4:.1f}"
            f"H{half - 3:.1f}C{half - 1:.1f} {lift - 3:.1f} {half + 3:.1f} {lift - 0.6:.1f} {eave:.1f} {lift + 0.6:.1f}"
            f"L{eave - 2:.1f} {lift + 1.8:.1f}H{-eave + 2:.1f}Z", NAVY))  # fmt: skip
        base = lift - 5.2
    parts.append(svg.rect(-0.8, base - 8.4, 1.6, 9, NAVY))
    return "".join(parts)


def _birds(stage: Stage, cx: float, cy: float, r: float, dice: random.Random) -> str:
    """Birds along an arc of about 300 degrees, open at the foot; white and dark by turns."""
    u, out = stage.u, []
    count = 26 if stage.kind == "tall" else 22
    for index in range(count):
        angle = 150 + 245 * index / (count - 1) + dice.uniform(-4, 4)
        x, y = svg.polar(cx, cy, r * dice.uniform(1.12, 1.36), angle)
        size = u * dice.uniform(0.075, 0.17) * (0.7 + 0.6 * index / count)
        if x - 4 * u < stage.left and stage.kind == "wide":
            continue
        colour = NAVY if dice.random() < 0.42 else "#FFFFFF"
        out.append(svg.place(svg.path(BIRD, colour), x, y, size, angle + 90 + dice.uniform(-25, 25)))
    return "".join(out)


def _shore(stage: Stage, y: float) -> str:
    n, u, w = svg.num, stage.u, stage.w
    left = stage.left
    lift = 3.4 * u
    if stage.kind == "wide":
        end = stage.w - 1.5 * u
        return svg.path(
            f"M{n(left + 3 * u)} {n(y + 9 * u)}C{n(left + 8 * u)} {n(y - lift)} {n(left + 26 * u)} {n(y - lift)} {n(left + 34 * u)} "
            f"{n(y)}H{n(end - 32 * u)}C{n(end - 24 * u)} {n(y - lift)} {n(end - 6 * u)} {n(y - lift)} {n(end)} {n(y + 9 * u)}"
            f"C{n(end - 12 * u)} {n(y + 19 * u)} {n(left + 15 * u)} {n(y + 19 * u)} {n(left + 3 * u)} {n(y + 9 * u)}Z", NAVY)  # fmt: skip
    return svg.path(
        f"M{n(left)} {n(stage.h)}V{n(y)}C{n(left + stage.span * 0.1)} {n(y - lift)} {n(left + stage.span * 0.24)} {n(y - lift)} "
        f"{n(left + stage.span * 0.34)} {n(y)}H{n(left + stage.span * 0.66)}C{n(left + stage.span * 0.76)} {n(y - lift)} "
        f"{n(left + stage.span * 0.9)} {n(y - lift)} {n(w)} {n(y)}V{n(stage.h)}Z", NAVY)  # fmt: skip


def _water(cx: float, y: float, u: float) -> str:
    colours = (RED, CREAM, TEAL, RED, CREAM, TEAL)
    return "".join(
        svg.strokes(
            [(cx - half * u, y + (2.2 + row * 2.3) * u, cx + half * u, y + (2.2 + row * 2.3) * u)], colour, 1.05 * u
        )
        for row, (half, colour) in enumerate(zip((25, 21, 17.5, 14, 10.5, 7), colours, strict=True))
    )


def mark(film: Film, ids: svg.Ids) -> str:
    body = svg.circle(100, 100, 88, TEAL) + svg.circle(100, 94, 62, CREAM) + svg.place(tower(), 100, 146, 1.36)
    body += svg.strokes([(66, 154, 134, 154), (76, 164, 124, 164), (86, 174, 114, 174)], NAVY, 3.6)
    for x, y, turn in ((42, 62, -30), (58, 40, 10), (146, 44, 60), (162, 72, 90)):
        body += svg.place(svg.path(BIRD, "#FFFFFF"), x, y, 0.5, turn)
    return body


def letters(film: Film) -> str:
    credit = Face("archivo", (("wght", 600),))
    size = fit(film.title_en, VOICES["soft"], 632)
    return (
        line(film.title_en, 400, 1142, size, VOICES["soft"], CREAM, anchor="middle")
        + line(film.directors[0], 52, 84, 23, credit, film.ink)
        + line(str(film.year), 52, 116, 23, credit, film.ink)
        + line(film.title_zh, 748, 100, 46, CHINESE, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A paper bird with two stuffed wings."""
    paper, fold, beak = [("#F4F1E6", "#E4DFCE", RED), (TEAL, "#5B9C92", CREAM), (NAVY, "#21456A", RED)][variant % 3]
    d = (
        "M196 300C176 270 206 246 236 258L430 352C520 330 590 260 690 232C740 222 768 262 748 304L690 430"
        "C730 470 780 500 842 530C856 540 850 556 836 560L744 590C700 690 600 764 490 764C380 764 310 700 300 640"
        "L190 668C150 672 136 636 160 612L268 500C230 440 216 360 196 300Z"
    )
    wing = svg.path("M196 300C176 270 206 246 236 258L430 352C400 430 340 480 268 500C230 440 216 360 196 300Z", fold)
    tail = svg.path("M300 640L190 668C150 672 136 636 160 612L268 500C290 540 300 590 300 640Z", fold)
    bill = svg.path("M744 488C776 504 806 516 842 530C856 540 850 556 836 560L744 590C756 556 756 522 744 488Z", beak)
    seam = svg.path(
        "M430 352C420 480 380 580 300 640",
        stroke="#000",
        stroke_opacity=0.18,
        stroke_width="4",
        stroke_dasharray="12 10",
    )
    return Plush(d, paper, wing + tail + bill + seam, (600, 500), "#17304A" if paper != NAVY else CREAM)
