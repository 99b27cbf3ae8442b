"""Motifs for any film: a few cut shapes in its four colours, composed anew by a seed that is its name.

Each is one metaphor that many stories can carry: what rises, what crosses, what shines, what is built, what meets.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from .. import svg
from ..film import Film, Stage
from ..lettering import CHINESE, CREDIT, VOICES, broken, fit, line, writable
from ..plush import Plush

Scene = Callable[[Stage, Film, svg.Ids, random.Random], str]
#: Where the words of a poster begin: below it stands nothing but ground.
FOOT = 0.77
_MEASURE = 696.0


@dataclass(frozen=True)
class Motif:
    """The same four functions that a film's own module has."""

    name: str
    draw: Scene

    def scene(self, stage: Stage, film: Film, ids: svg.Ids) -> str:
        """The ground, and the motif on the part of the stage that is free for it."""
        dice = random.Random(f"{film.slug}/{self.name}/{stage.kind}")
        height = stage.h * FOOT if stage.kind == "tall" else stage.h
        window = Stage(stage.w, height, stage.kind, stage.left)
        drawn = self.draw(window, film, ids, dice)
        frame = svg.rect(stage.left, 0, stage.span, height, "#000")
        return svg.rect(0, 0, stage.w, stage.h, film.ground) + svg.clipped(ids, frame, drawn)

    def mark(self, film: Film, ids: svg.Ids) -> str:
        """The scene in a disc with a rim, so that it stands on any cloth."""
        drawn = self.draw(Stage(200, 200, "square"), film, ids, random.Random(f"{film.slug}/{self.name}/mark"))
        inside = svg.circle(100, 100, 91, film.ground)
        return svg.circle(100, 100, 96, film.ink) + inside + svg.clipped(ids, inside, drawn)

    def letters(self, film: Film) -> str:
        """Titles and credit of the 800 × 1200 poster: as many lines as the title needs, none wider than the measure."""
        face = VOICES.get(film.voice, VOICES["wide"])
        rows, size = broken(writable(film.title_en, face), face, _MEASURE, largest=150)
        foot = 1152.0
        parts = []
        if credit := writable(film.credit, CREDIT):
            parts.append(line(credit, 54, foot, min(22.0, fit(credit, CREDIT, _MEASURE)), CREDIT, film.ink))
            foot -= 48
        for row in reversed(rows):
            parts.append(line(row, 52, foot, size, face, film.ink))
            foot -= size * 1.02
        if chinese := writable(film.title_zh, CHINESE):
            large = fit(chinese, CHINESE, _MEASURE, largest=46)
            parts.append(line(chinese, 52, foot - 12, large, CHINESE, film.ink))
        return "".join(parts)

    def plush(self, film: Film, ids: svg.Ids, variant: int) -> Plush:
        """A soft ball in two of the film's colours, with the motif's disc as a patch."""
        tones = colours_on(film.ground, film)
        felt, patch = tones[variant % len(tones)], tones[(variant + 1) % len(tones)]
        detail = svg.ellipse(640, 350, 150, 120, patch) + svg.path(
            "M190 600C340 680 660 680 810 600V860H190Z", svg.mix(felt, patch, 0.5)
        )
        return Plush(svg.disc_path(500, 500, 285), felt, detail, (500, 500), _eye(felt))


def colours_on(ground: str, film: Film) -> list[str]:
    """The palette's colours that can be seen on `ground`, its ink if there is none."""
    return [colour for colour in film.palette if svg.contrast(colour, ground) > 1.25] or [film.ink]


def _eye(felt: str) -> str:
    return "#FBEFD9" if svg.is_dark(felt) else "#17191C"


def _discs(stage: Stage, film: Film, ids: svg.Ids, dice: random.Random) -> str:
    """Two discs that meet; what they share is lit."""
    tones, u = colours_on(film.ground, film), stage.u
    r = dice.uniform(25, 30) * u
    turn, apart = dice.uniform(-24, 24), r * dice.uniform(0.5, 0.66)
    cx, cy = stage.cx, stage.h * 0.5
    (ax, ay), (bx, by) = svg.polar(cx, cy, apart, 180 + turn), svg.polar(cx, cy, apart, turn)
    first, second, shared = tones[0], tones[1 % len(tones)], tones[2 % len(tones)]
    if shared in (first, second):
        shared = svg.mix(first, film.ink, 0.6)
    reach = [r * 1.75 + index * 4.2 * u for index in range(12)]
    faint = svg.mix(film.ground, film.ink, 0.16)
    rings = "".join(svg.ring(cx, cy, far, faint, 0.3 * u) for far in reach)
    return (
        rings
        + svg.circle(ax, ay, r, first)
        + svg.circle(bx, by, r, second)
        + svg.clipped(ids, svg.circle(ax, ay, r, "#000"), svg.circle(bx, by, r, shared))
    )


def _columns(stage: Stage, film: Film, ids: svg.Ids, dice: random.Random) -> str:
    """A city, a wood, a crowd: columns of uneven height over their own broken reflections."""
    tones, u, horizon = colours_on(film.ground, film), stage.u, stage.h * 0.64
    x, parts, place = stage.left + 4 * u, [], dice.randrange(len(tones))
    while x < stage.w - 8 * u:
        w, height = dice.uniform(4, 10) * u, horizon * dice.uniform(0.3, 0.86)
        tone = tones[place % len(tones)]
        place += 1
        parts.append(svg.rect(x, horizon - height, w, height, tone, r=w * 0.24))
        parts.append(svg.circle(x + w / 2, horizon - height + w * 0.8, w * 0.24, film.ground))
        dashes = [
            (x + w * 0.2, y, x + w * dice.uniform(0.6, 1.0), y)
            for y in _steps(horizon + 3 * u, stage.h * 0.9, 3.4 * u)
            if dice.random() > 0.2
        ]
        parts.append(svg.strokes(dashes, tone, 1.2 * u))
        x += w + dice.uniform(1, 4) * u
    return "".join(parts)


def _ribbons(stage: Stage, film: Film, ids: svg.Ids, dice: random.Random) -> str:
    """Ways that run beside each other and never touch."""
    tones, u = colours_on(film.ground, film), stage.u
    parts = [svg.circle(stage.cx, stage.h * 0.3, 15 * u, tones[-1])]
    phase, sway = dice.uniform(0, math.tau), dice.uniform(5, 8) * u
    for index in range(5):
        middle = stage.h * 0.46 + index * 10.5 * u
        near, far = [], []
        for step in range(61):
            t = step / 60
            x = stage.left + t * stage.span
            y = middle + sway * math.sin(t * math.tau * 1.15 + phase + index * 0.34)
            half = (1.4 + 2.1 * math.sin(math.pi * t)) * u
            near.append((x, y - half))
            far.append((x, y + half))
        parts.append(svg.polygon(near + far[::-1], tones[index % len(tones)]))
    return "".join(parts)


def _rays(stage: Stage, film: Film, ids: svg.Ids, dice: random.Random) -> str:
    """A light behind a hill."""
    tones, u = colours_on(film.ground, film), stage.u
    cx, cy = stage.cx + dice.uniform(-8, 8) * u, stage.h * dice.uniform(0.52, 0.6)
    beams, light = dice.choice((16, 18, 20, 24)), svg.mix(film.ground, tones[-1], 0.34)
    half, far = 360 / beams / 4, stage.span + stage.h
    wedges = "".join(
        svg.outline([(cx, cy), svg.polar(cx, cy, far, angle - half), svg.polar(cx, cy, far, angle + half)])
        for angle in (index * 360 / beams for index in range(beams))
    )
    crest, foot = cy + 9 * u, stage.h
    n = svg.num
    hill = svg.path(
        f"M{n(stage.left)} {n(foot)}V{n(crest + 12 * u)}C{n(stage.left + stage.span * 0.3)} {n(crest - 8 * u)} "
        f"{n(stage.left + stage.span * 0.62)} {n(crest + 16 * u)} {n(stage.w)} {n(crest)}V{n(foot)}Z",
        tones[1 % len(tones)],
    )
    if stage.kind == "wide":
        # A medallion: the words keep their plain ground, and nothing is cut off along a straight edge.
        disc = svg.circle(stage.cx, stage.h / 2, 46 * u, "#000")
        return svg.clipped(ids, disc, svg.path(wedges, light) + svg.circle(cx, cy, 17 * u, tones[0]) + hill)
    return svg.path(wedges, light) + svg.circle(cx, cy, 17 * u, tones[0]) + hill


def _quarters(stage: Stage, film: Film, ids: svg.Ids, dice: random.Random) -> str:
    """Something built of quarter discs, one stone left out."""
    tones = colours_on(film.ground, film)
    across = 4
    side = min(stage.span, stage.h) * 0.86 / across
    down = 5 if stage.kind == "tall" else across
    side = min(side, stage.h * 0.9 / down)
    left, top = stage.cx - side * across / 2, (stage.h - side * down) / 2
    missing = dice.randrange(across * down)
    parts = []
    for place in range(across * down):
        x, y = left + place % across * side, top + place // across * side
        corner, tone = dice.randrange(4), tones[dice.randrange(len(tones))]
        if place != missing:
            parts.append(_quarter(x, y, side, corner, tone))
    return "".join(parts)


def _quarter(x: float, y: float, side: float, corner: int, tone: str) -> str:
    n = svg.num
    right, foot = x + side, y + side
    arc = f"A{n(side)} {n(side)} 0 0 1"
    d = (
        f"M{n(x)} {n(y)}H{n(right)}{arc} {n(x)} {n(foot)}Z",
        f"M{n(right)} {n(y)}V{n(foot)}{arc} {n(x)} {n(y)}Z",
        f"M{n(right)} {n(foot)}H{n(x)}{arc} {n(right)} {n(y)}Z",
        f"M{n(x)} {n(foot)}V{n(y)}{arc} {n(right)} {n(foot)}Z",
    )[corner]
    return svg.path(d, tone)


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + index * step for index in range(max(0, int((end - start) / step)))]


MOTIFS: dict[str, Motif] = {
    name: Motif(name, draw)
    for name, draw in (
        ("discs", _discs),
        ("columns", _columns),
        ("ribbons", _ribbons),
        ("rays", _rays),
        ("quarters", _quarters),
    )
}
