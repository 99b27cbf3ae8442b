"""The Ferryman: a ferry among neon signs that stand in the river as columns."""

import random

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, CREDIT, VOICES, fit, line
from ..plush import Plush

NIGHT, NEON, LAMP, JADE = "#10172B", "#F0503C", "#F7B548", "#2FA79B"
HULL, PANE, TOWER = "#05070F", "#FBE2AE", "#1B2848"
# Chosen by eye out of twelve for each aspect.
SEEDS = {"tall": 7, "square": 3, "wide": 7}


def scene(stage: Stage, film: Film, ids: svg.Ids) -> str:
    dice = random.Random(f"{film.slug}/{stage.kind}/{SEEDS[stage.kind]}")
    horizon, u = stage.h * 0.6, stage.u
    columns = list(_columns(stage, horizon, dice))
    lamp_x, lamp_r = stage.left + stage.span * 0.3, 12.5 * u
    lamp_y = horizon * (0.40 if stage.kind == "wide" else 0.385)
    boat_x, scale = stage.left + stage.span * 0.6, stage.span / 520
    parts = [svg.rect(0, 0, stage.w, stage.h, NIGHT)]
    parts += [svg.circle(lamp_x, lamp_y, lamp_r, LAMP)]
    parts += [_column(*column, horizon=horizon, u=u, dice=dice) for column in columns]
    reflected = [(x, w, colour) for x, w, _, colour, _ in columns]
    parts += [_reflections(reflected, horizon, stage, dice)]
    parts += [_lamp_path(lamp_x, lamp_r, horizon, stage, dice)]
    parts += [svg.place(boat(), boat_x, horizon - 22 * scale, scale)]
    parts += [_rain(stage, dice)]
    return "".join(parts)


def _columns(stage: Stage, horizon: float, dice: random.Random):
    """(x, width, height, colour, cut) from left to right; wide art keeps whole columns inside its span."""
    u = stage.u
    edge = 0 if stage.kind == "wide" else 4 * u
    x, end = stage.left - edge + (2 * u if stage.kind == "wide" else 0), stage.w + edge
    colours = [NEON, TOWER, LAMP, JADE, TOWER, NEON, LAMP, TOWER, JADE]
    turn = dice.randrange(len(colours))
    low = False
    while True:
        colour = colours[turn % len(colours)]
        turn += 1
        w = dice.uniform(3, 11) * u
        if stage.kind == "wide" and x + w > end - u:
            return
        if x > end:
            return
        height = horizon * (dice.uniform(0.22, 0.42) if low else dice.uniform(0.42, 0.86))
        low = not low if dice.random() < 0.8 else low
        cut = "windows" if colour == TOWER else dice.choice(["discs", "squares", "slot", "discs"])
        if cut == "slot":
            w = min(w, 4 * u)
        yield x, w, height, colour, cut
        x += w + dice.uniform(0.8, 4.2) * u


def _column(
    x: float, w: float, height: float, colour: str, cut: str, *, horizon: float, u: float, dice: random.Random
) -> str:
    top = horizon - height
    if cut == "windows":
        return svg.rect(x, top, w, height, colour) + _lit_windows(x, top, w, height, u, dice)
    body = svg.rect(x, top, w, height, colour, r=min(1.4 * u, w / 3))
    if cut == "slot":
        return body + svg.rect(x + w * 0.36, top + w * 0.4, w * 0.28, height - w * 0.8, NIGHT, r=w * 0.14)
    pitch = w * (1.3 if cut == "discs" else 1.15)
    rows = max(1, int((height - w * 0.3) / pitch))
    pitch = height / rows
    for row in range(rows):
        y = top + pitch * (row + 0.5)
        if cut == "discs":
            body += svg.circle(x + w / 2, y, w * 0.28, NIGHT)
        else:
            body += svg.rect(x + w * 0.2, y - w * 0.3, w * 0.6, w * 0.6, NIGHT, r=w * 0.08)
    return body


def _lit_windows(x: float, top: float, w: float, height: float, u: float, dice: random.Random) -> str:
    size, step = 1.15 * u, 2.5 * u
    across = max(1, int((w - u) / step))
    start = x + (w - (across - 1) * step - size) / 2
    return "".join(
        svg.rect(start + column * step, top + 2 * u + row * step * 1.25, size, size * 1.25, "#DDA34B")
        for row in range(int((height - 3 * u) / (step * 1.25)))
        for column in range(across)
        if dice.random() < 0.36
    )


def _reflections(columns: list, horizon: float, stage: Stage, dice: random.Random) -> str:
    """Each column again below the horizon as dashes that thin out."""
    u = stage.u
    lines: dict[str, list[tuple[float, float, float, float]]] = {}
    limit = horizon + (stage.h - horizon) * 0.6
    for x, w, colour in columns:
        y = horizon + 2.3 * u
        while y < limit:
            if dice.random() > 0.16:
                half = w * dice.uniform(0.72, 1.3) / 2 - 0.55 * u
                middle = x + w / 2 + dice.uniform(-1, 1) * u
                if half > 0.4 * u:
                    a, b = max(middle - half, stage.left + u), min(middle + half, stage.w + 5 * u)
                    lines.setdefault(colour, []).append((a, y, b, y))
            y += 2.5 * u
    dim = svg.mix(TOWER, NIGHT, 0.35)
    return "".join(svg.strokes(rows, dim if colour == TOWER else colour, 1.1 * u) for colour, rows in lines.items())


def _lamp_path(x: float, r: float, horizon: float, stage: Stage, dice: random.Random) -> str:
    """The lamp's glitter: dashes that narrow towards the reader and stray a little."""
    u, rows = stage.u, []
    # The poster's title stands on the water, so the glitter ends above it.
    foot = stage.h * (0.885 if stage.kind == "tall" else 1) - 4 * u
    count = int((foot - horizon) / (2.5 * u))
    drift = 0.0
    for row in range(count):
        y = horizon + 2.3 * u + row * 2.5 * u
        drift += dice.uniform(-0.2, 0.75) * u
        half = r * max(0.16, 0.86 - row * 0.95 / max(count, 12)) * dice.uniform(0.85, 1.1)
        rows.append((x + drift - half, y, x + drift + half, y))
    return svg.strokes(rows, LAMP, 1.1 * u)


def boat() -> str:
    """The ferry, 287 units wide, its origin at deck height amidships."""
    shapes = [
        svg.path("M-144 0H144L120 45H-118Z", HULL),
        svg.rect(-108, -38, 208, 40, HULL),
        svg.rect(-120, -46, 230, 8.5, NEON),
        svg.rect(-72, -70, 128, 26, HULL),
        svg.rect(23, -106, 24, 32, HULL),
        svg.rect(-83, -78, 150, 9.5, NEON),
        svg.rect(-51, -116, 4, 42, HULL),
        svg.circle(-49, -117, 6.3, "#FBEFD9"),
    ]
    shapes += [svg.rect(-94 + i * 27.7, -29, 15.5, 18, PANE, r=1.2) for i in range(7)]
    shapes += [svg.rect(-58 + i * 27.7, -62, 15.5, 14, PANE, r=1.2) for i in range(4)]
    beams = [(-106, 56, 104, 56), (-66, 84, 76, 84), (-28, 112, 44, 112)]
    shade = [(-168, 43, 168, 43), (-60, 70, 94, 70), (-26, 98, 60, 98)]
    return svg.strokes(shade, HULL, 4.6) + svg.strokes(beams, svg.mix(PANE, "#C08A5A", 0.25), 5.4) + "".join(shapes)


def _rain(stage: Stage, dice: random.Random) -> str:
    """One line per 60 u², fading in from the left edge of wide art so that words stay on plain ground."""
    u, lines = stage.u, []
    for _ in range(int(stage.span * stage.h / (60 * u * u))):
        x, y = stage.left + dice.random() * stage.span, dice.uniform(-4 * u, stage.h)
        length = dice.uniform(1.8, 4.6) * u
        depth = (x - stage.left) / (stage.span * 0.35) if stage.kind == "wide" else 1
        if dice.random() < depth and x - length * 0.22 > stage.left:
            lines.append((x, y, x - length * 0.22, y + length))
    return svg.strokes(lines, "#FBEFD9", 0.19 * u, opacity=0.38, cap="butt")


def mark(film: Film, ids: svg.Ids) -> str:
    """A ferry under a red lamp on three lines of water, in a 200 box."""
    water = [(50, 141, 150, 141), (66, 154, 134, 154), (82, 167, 118, 167)]
    colours = [JADE, LAMP, NEON]
    return (
        svg.circle(100, 100, 92, "#FBEFD9")
        + svg.circle(126, 72, 26, NEON)
        + svg.place(_small_boat(), 100, 112, 0.56)
        + "".join(svg.strokes([row], colour, 4.5) for row, colour in zip(water, colours, strict=True))
    )


def _small_boat() -> str:
    shapes = [
        svg.path("M-118 0H118L92 36H-94Z", NIGHT),
        svg.rect(-84, -34, 160, 36, NIGHT),
        svg.rect(-56, -64, 98, 30, NIGHT),
        svg.rect(-42, -90, 22, 28, NIGHT),
        svg.rect(14, -84, 14, 22, NIGHT),
    ]
    shapes += [svg.rect(-72 + i * 28, -24, 15, 15, PANE) for i in range(5)]
    shapes += [svg.rect(-42 + i * 28, -56, 15, 13, PANE) for i in range(3)]
    return "".join(shapes)


def letters(film: Film) -> str:
    """Titles and credit for the 800 × 1200 poster."""
    size = fit(film.title_en, VOICES["cond"], 696)
    credit = f"A film by {film.directors[0]}. Produced by {film.producers[0]}"
    return (
        line(film.title_en, 52, 1104, size, VOICES["cond"], film.ink)
        + line(credit, 54, 1148, 21, CREDIT, film.ink)
        + line(film.title_zh, 748, 96, 54, CHINESE, film.ink, anchor="end")
    )


def plush(film: Film, ids: svg.Ids, variant: int) -> Plush:
    """A fat ferry; the second is the lamp over the river."""
    if variant % 2:
        d = svg.disc_path(500, 500, 270)
        shine = svg.ellipse(420, 400, 70, 52, "#fff", opacity=0.35)
        waves = svg.strokes([(330, 640, 670, 640), (390, 690, 610, 690)], svg.mix(LAMP, NEON, 0.5), 16)
        return Plush(d, LAMP, shine + waves, (500, 530), NIGHT)
    top, hull = (NEON, NIGHT) if variant < 2 else (JADE, "#7E2A2E")
    d = (
        "M150 560C150 548 158 544 170 544H262V470C262 452 272 442 290 442H350V340C350 318 362 308 384 308"
        "H566C590 308 602 318 602 340V442H688C706 442 716 452 716 470V544H830C842 544 850 548 850 560"
        "C840 660 800 730 720 760C580 784 420 784 280 760C200 730 160 660 150 560Z"
    )
    lower = "M160 600C330 640 670 640 842 600C820 690 780 740 720 760C580 784 420 784 280 760C220 740 180 690 160 600Z"
    cabin = "".join(svg.circle(x, 500, 24, PANE) for x in (330, 415, 500, 585, 662))
    cabin += "".join(svg.circle(x, 384, 21, PANE) for x in (418, 478, 538))
    return Plush(d, top, svg.path(lower, hull) + cabin, (500, 690), "#FBEFD9")
