"""In the Mood for Love: two ribbons of smoke under one lamp that never touch."""

import math

from .. import svg
from ..film import Film, Stage
from ..lettering import DIDONE_CREDIT, VOICES, column, fit, line
from ..plush import Plush

DARK, RED, AMBER, CREAM = "#2B0B10", "#A3202A", "#E0A443", "#F6E7CC"


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    w, h, u, cx = stage.w, stage.h, stage.u, stage.cx
    fold, foot = svg.mix(RED, DARK, 0.42), h * 0.925
    parts = [svg.rect(0, 0, w, h, RED)]
    pitch, start = 14.4 * u, stage.left + (6 * u if stage.kind == "wide" else 0)
    for index in range(int((w - start) / pitch) + 1):
        parts.append(svg.rect(start + index * pitch, 0, 3.6 * u, h, fold))
        if index % 3 == 2:
            parts.append(svg.rect(start + index * pitch + 5 * u, 0, 1.1 * u, h, svg.mix(RED, DARK, 0.16)))
    shade_top, shade_foot, half = h * 0.2, h * 0.3, 18 * u
    parts.append(svg.rect(cx - 0.5 * u, 0, u, shade_top + u, DARK))
    parts.append(svg.polygon([(cx - half, shade_foot), (cx + half, shade_foot),
                              (cx + 2.03 * half, foot), (cx - 2.03 * half, foot)], AMBER))  # fmt: skip
    parts.append(svg.path(
        f"M{svg.num(cx - 7.8 * u)} {svg.num(shade_foot)}a{svg.num(7.8 * u)} {svg.num(6.8 * u)} 0 0 0 "
        f"{svg.num(15.6 * u)} 0Z", CREAM))  # fmt: skip
    parts.append(_shade(cx, shade_top, shade_foot, half, u))
    parts.append(_ribbon(cx - 9.4 * u, shade_foot + 13 * u, foot, 6.6 * u, 1, DARK, u))
    parts.append(_ribbon(cx + 9.4 * u, shade_foot + 13 * u, foot, 6.6 * u, -1, CREAM, u))
    left = stage.left if stage.kind == "wide" else -5 * u
    parts.append(_front_row(stage, left, foot))
    heads = range(int((w - left) / (7.2 * u)) + 2)
    start_of_heads = 12 * u if stage.kind == "wide" else 0
    parts.append("".join(svg.circle(left + 3.6 * u + i * 7.2 * u, foot + u, 3.6 * u, DARK)
                         for i in heads if i * 7.2 * u >= start_of_heads and abs(left + 3.6 * u + i * 7.2 * u - cx) > 2.05 * half + 2 * u))  # fmt: skip
    return "".join(parts)


def _front_row(stage: Stage, left: float, foot: float) -> str:
    """The dark in front of the screen; in wide art it rises from nothing, so that no edge cuts the words' ground."""
    n, u = svg.num, stage.u
    rise = 14 * u if stage.kind == "wide" else 0
    return svg.path(
        f"M{n(left)} {n(stage.h)}C{n(left + rise * 0.3)} {n(stage.h)} {n(left + rise * 0.4)} {n(foot)} {n(left + rise)} "
        f"{n(foot)}H{n(stage.w)}V{n(stage.h)}Z",
        DARK,
    )


def _shade(cx: float, top: float, foot: float, half: float, u: float) -> str:
    n = svg.num
    return svg.path(
        f"M{n(cx - half)} {n(foot)}C{n(cx - half)} {n(foot - 7 * u)} {n(cx - 12 * u)} {n(top + 4.6 * u)} "
        f"{n(cx - 3.6 * u)} {n(top)}H{n(cx + 3.6 * u)}C{n(cx + 12 * u)} {n(top + 4.6 * u)} {n(cx + half)} "
        f"{n(foot - 7 * u)} {n(cx + half)} {n(foot)}Z",
        DARK,
    )


def _ribbon(x: float, top: float, foot: float, sway: float, side: int, colour: str, u: float) -> str:
    """A polygon of 60 steps; the two ribbons have opposite phase, so they lean together and apart."""
    near, far = [], []
    for step in range(61):
        t = step / 60
        y = top + (foot - top) * t
        middle = x + side * sway * math.sin(t * math.tau * 0.98 - 0.35) * (
            0.35 + 0.65 * math.sin(math.pi * min(t * 1.3, 1))
        )
        half = u * (0.35 + 2.4 * math.sin(math.pi * min(1, t * 1.02)) ** 1.3)
        near.append((middle - half, y))
        far.append((middle + half, y))
    return svg.polygon(near + far[::-1], colour)


def mark(film: Film, ids: svg.Ids) -> str:
    stage = Stage(110, 170, "tall")
    n, cx = svg.num, stage.w / 2
    body = svg.rect(cx - 1, 0, 2, 30, DARK)
    body += svg.polygon([(cx - 24, 54), (cx + 24, 54), (cx + 44, 150), (cx - 44, 150)], AMBER)
    body += svg.path(f"M{n(cx - 10)} 54a10 9 0 0 0 20 0Z", CREAM)
    body += svg.path(f"M{n(cx - 24)} 54C{n(cx - 24)} 40 {n(cx - 14)} 32 {n(cx - 5)} 28H{n(cx + 5)}"
                     f"C{n(cx + 14)} 32 {n(cx + 24)} 40 {n(cx + 24)} 54Z", DARK)  # fmt: skip
    body += _ribbon(cx - 12, 72, 148, 6.4, 1, DARK, 1.1) + _ribbon(cx + 12, 72, 148, 6.4, -1, CREAM, 1.1)
    return svg.circle(100, 100, 88, RED) + svg.place(body, 45, 20)


def letters(film: Film) -> str:
    size = fit(film.title_en, VOICES["didone"], 580)
    return (
        line(film.title_en, 400, 1166, size, VOICES["didone"], film.ink, anchor="middle")
        + line(film.credit, 52, 94, 25, DIDONE_CREDIT, film.ink)
        + column(film.title_zh, 722, 68, 58, film.ink)
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A lamp with a soft bulb."""
    shade, bulb, rim = [(RED, CREAM, AMBER), (AMBER, CREAM, RED), (DARK, AMBER, RED)][variant % 3]
    d = (
        "M462 226C462 196 538 196 538 226V296C690 312 806 440 812 590C812 622 780 634 740 638H640"
        "C646 720 590 800 500 800C410 800 354 720 360 638H260C220 634 188 622 188 590C194 440 310 312 462 296Z"
    )
    light = svg.path("M360 620H640C660 720 590 800 500 800C410 800 340 720 360 620Z", bulb)
    band = svg.path(
        "M190 560C340 600 660 600 810 560L812 600C810 626 780 638 740 640H260C220 638 190 626 188 600Z", rim
    )
    stem = svg.path("M462 226C462 196 538 196 538 226V300H462Z", DARK if shade != DARK else RED)
    return Plush(d, shade, light + band + stem, (500, 480), CREAM if shade == DARK else "#2B0B10")
