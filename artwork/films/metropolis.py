"""Metropolis: the bright city stands on the city below, and one heart joins the two."""

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, CREDIT, VOICES, fit, line
from ..plush import Plush

INK, BRASS, PALE, RED = "#16161A", "#D9A441", "#F6E7BE", "#B5301F"
# Half width and height of each slab from the middle outwards, in u.
SLABS = ((5, 47), (11, 38), (17, 28), (23.5, 19), (31, 10))


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    u, cx = stage.u, stage.cx
    middle = stage.h * (0.5 if stage.kind == "tall" else 0.53)
    reach = 1.05 if stage.kind == "tall" else (0.82 if stage.kind == "square" else 0.7)
    parts = [svg.rect(0, 0, stage.w, stage.h, BRASS)]
    sky = _rays(stage, cx, middle)
    depth = svg.rect(stage.left, middle, stage.w - stage.left, stage.h - middle, INK)
    if stage.kind == "wide":
        # A medallion: the hero's words keep their plain ground.
        middle = stage.h * 0.5
        sky, depth = _rays(stage, cx, middle), svg.rect(stage.left, middle, stage.span, stage.h, INK)
        parts.append(svg.clipped(ids, svg.circle(cx, middle, 46 * u, "#000"), sky + depth))
    else:
        parts += [sky, depth]
    parts.append(_city(cx, middle, u * reach, up=True))
    parts.append(_city(cx, middle, u * reach, up=False))
    parts.append(svg.circle(cx, middle, 10.5 * u * reach, BRASS) + svg.circle(cx, middle, 8.6 * u * reach, RED))
    return "".join(parts)


def _rays(stage: Stage, cx: float, middle: float) -> str:
    """Beams from behind the tower, over the upper half only."""
    top, far, wedges = middle - 34 * stage.u, stage.h * 1.6, ""
    for index in range(-9, 10):
        a, b = 270 + index * 9.6 - 2.1, 270 + index * 9.6 + 2.1
        wedges += svg.outline(
            [
                (cx, top + 30 * stage.u),
                svg.polar(cx, top + 30 * stage.u, far, a),
                svg.polar(cx, top + 30 * stage.u, far, b),
            ]
        )
    light = svg.path(wedges, svg.mix(BRASS, PALE, 0.5))
    return svg.frame(light, stage.left, 0, stage.span, middle, (stage.left, 0, stage.span, middle))


def _city(cx: float, middle: float, u: float, *, up: bool) -> str:
    """Five stepped slabs; above they are dark with lit slits, below the same in reverse."""
    sign, body = (-1, "") if up else (1, "")
    tones = [svg.mix(INK, BRASS, t) for t in ((0.05, 0.12, 0.2, 0.3, 0.42) if up else (0.62, 0.46, 0.32, 0.2, 0.1))]
    for (half, height), tone in reversed(list(zip(SLABS, tones, strict=True))):
        top = middle + sign * height * u
        body += svg.rect(cx - half * u, min(top, middle), 2 * half * u, height * u, tone)
    slit = PALE if up else INK
    lines = []
    for ring, (half, height) in enumerate(SLABS):
        inner = SLABS[ring - 1][0] if ring else -3
        columns = 3 if ring == 0 else 2
        for index in range(columns):
            x = (inner + (half - inner) * (index + 0.5) / columns) if ring else -2.7 + index * 2.7
            for side in (1,) if ring == 0 else (1, -1):
                for part in range(int(height / 4.6)):
                    if (part * 7 + ring * 3 + index * 5 + (side > 0)) % 4 == 0:
                        continue
                    y = middle + sign * (height - 2.6 - part * 4.6) * u
                    lines.append((cx + side * x * u, y, cx + side * x * u, y - sign * 2.1 * u))
    body += svg.strokes(lines, slit, 0.85 * u, cap="butt")
    if up:
        body += svg.rect(cx - 0.45 * u, middle - 58 * u, 0.9 * u, 12 * u, INK) + svg.circle(
            cx, middle - 59 * u, 1.5 * u, RED
        )
    return body


def mark(film: Film, ids: svg.Ids) -> str:
    up = "".join(
        svg.rect(100 - half, 100 - height, 2 * half, height, INK)
        for half, height in ((8, 74), (20, 58), (32, 40), (46, 22))
    )
    down = "".join(
        svg.rect(100 - half, 100, 2 * half, height, PALE) for half, height in ((8, 74), (20, 58), (32, 40), (46, 22))
    )
    half_disc = svg.path("M12 100a88 88 0 0 0 176 0Z", INK)
    body = svg.circle(100, 100, 88, BRASS) + half_disc + up + down
    return body + svg.circle(100, 100, 20, BRASS) + svg.circle(100, 100, 16, RED)


def letters(film: Film) -> str:
    face = VOICES["cond"]
    size = fit(film.title_en, face, 696)
    return (
        line(film.title_en, 52, 1106, size, face, PALE)
        + line(film.credit, 54, 1150, 22, CREDIT, PALE)
        + line(film.title_zh, 748, 98, 50, CHINESE, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A stepped tower with rounded shoulders and a red heart-disc."""
    wall, lit = [("#4A4034", PALE), (BRASS, INK), (RED, PALE)][variant % 3]
    d = (
        "M430 236C430 190 570 190 570 236V350H620C642 350 652 362 652 384V500H702C724 500 734 512 734 534V740"
        "C734 790 700 806 660 806H340C300 806 266 790 266 740V534C266 512 276 500 298 500H348V384C348 362 358 350 380 350H430Z"
    )
    panes = "".join(svg.rect(x, 400, 26, 52, lit, r=10) for x in (402, 460, 514, 572))
    panes += "".join(svg.rect(x, 262, 24, 52, lit, r=10) for x in (458, 518))
    return Plush(
        d,
        wall,
        panes + svg.circle(500, 708, 38, RED if wall != RED else BRASS),
        (500, 590),
        PALE if wall != BRASS else INK,
    )
