"""Enamel pins and mugs."""

from .. import svg
from ..film import Film
from ..lettering import CAPTION, CHINESE, fit, line
from . import parts

GOLD = ((0, "#8A6423", 1), (0.3, "#F3D88A", 1), (0.55, "#B98A34", 1), (0.8, "#FBEBB4", 1), (1, "#8A6423", 1))
STEEL = ((0, "#6C7076", 1), (0.3, "#EEF0F2", 1), (0.55, "#9AA0A6", 1), (0.8, "#FFFFFF", 1), (1, "#6C7076", 1))
#: Where a picture wraps round a mug, bent like its foot.
BAND = "M236 348C260 404 680 404 704 348V690C680 748 260 748 236 690Z"
BODY = "M236 262V772C236 826 300 852 470 852S704 826 704 772V262Z"


def pin(film: Film, ids: svg.Ids, variant: int) -> str:
    choice = parts.colours(film)
    card = (film.ground, choice[1], parts.BONE, choice[2 % len(choice)])[variant % 4]
    if variant % 4 == 2 and svg.contrast(film.ground, parts.BONE) < 1.3:
        card = choice[-1]
    ink = parts.on(film, card)
    forms = (_one_disc, _square_pin, _pair, _bar)
    return "".join([
        parts.shadow(ids, 500, 876, 270, 22),
        svg.rect(252, 134, 496, 732, card, r=10),
        svg.rect(252, 134, 496, 240, "#fff", r=10, opacity=0.05),
        svg.circle(500, 196, 15, svg.mix(card, "#000", 0.55)),
        forms[variant % 4](film, ids, card),
        parts.title(film, 500, 752, 380, ink, largest=46),
        line("Enamel pin", 500, 808, 17, CAPTION, ink, anchor="middle"),
    ])  # fmt: skip


def _metal(ids: svg.Ids, shape: str, variant: tuple = GOLD) -> tuple[str, str]:
    return svg.linear(ids, variant)


def _disc(film: Film, ids: svg.Ids, x: float, y: float, r: float, enamel: str) -> str:
    """A round pin: metal rim, enamel, the film's mark, one highlight."""
    definition, metal = svg.linear(ids, GOLD)
    shine = svg.path(
        "M-0.86 -0.1C-0.8 -0.56 -0.44 -0.86 0 -0.88C-0.4 -0.76 -0.7 -0.5 -0.76 -0.08Z", "#fff", opacity=0.42
    )
    return (
        definition
        + svg.circle(x + 3, y + 8, r * 1.06, "#000", opacity=0.28)
        + svg.circle(x, y, r * 1.057, metal)
        + svg.circle(x, y, r, enamel)
        + parts.sign(film, ids, x, y, r * 1.42)
        + svg.group(shine, transform=f"translate({svg.num(x)} {svg.num(y)}) scale({svg.num(r)})")
    )


def _enamel(film: Film, card: str) -> str:
    """An enamel that stands off the card and lets the mark be seen."""
    options = [c for c in (parts.BONE, *film.palette) if svg.contrast(c, card) > 1.6]
    return options[0] if options else parts.NIGHT


def _one_disc(film: Film, ids: svg.Ids, card: str) -> str:
    return _disc(film, ids, 500, 458, 176, _enamel(film, card))


def _pair(film: Film, ids: svg.Ids, card: str) -> str:
    """Two pins of one film, the second in another enamel and with the Chinese title."""
    definition, metal = svg.linear(ids, GOLD)
    enamel = parts.colours(film)[0] if parts.colours(film)[0] != card else film.palette[1]
    size = fit(film.title_zh, CHINESE, 132, largest=50)
    second = (
        definition
        + svg.circle(603, 568, 104, "#000", opacity=0.25)
        + svg.circle(600, 560, 102, metal)
        + svg.circle(600, 560, 95, enamel)
    )
    return (
        _disc(film, ids, 420, 396, 128, _enamel(film, card))
        + second
        + line(film.title_zh, 600, 560 + size * 0.36, size, CHINESE, parts.on(film, enamel), anchor="middle")
    )


def _square_pin(film: Film, ids: svg.Ids, card: str) -> str:
    """The scene itself, in a rounded frame of steel."""
    definition, metal = svg.linear(ids, STEEL)
    window = svg.rect(342, 288, 316, 340, "#000", r=24)
    return (
        definition
        + svg.rect(333, 286, 340, 364, "#000", r=34, opacity=0.28)
        + svg.rect(330, 276, 340, 364, metal, r=34)
        + svg.clipped(ids, window, parts.scene(film, ids, 342, 288, 316, 340))
        + svg.path("M356 420C352 340 380 304 470 302C400 320 372 350 368 420Z", "#fff", opacity=0.42)
    )


def _bar(film: Film, ids: svg.Ids, card: str) -> str:
    """The Chinese title on a bar, with the mark above it."""
    definition, metal = svg.linear(ids, GOLD)
    enamel = next((c for c in film.palette if svg.contrast(c, card) > 1.6), parts.NIGHT)
    size = fit(film.title_zh, CHINESE, 260, largest=62)
    return (
        _disc(film, ids, 500, 392, 112, _enamel(film, card))
        + definition
        + svg.rect(336, 558, 334, 104, "#000", r=52, opacity=0.26)
        + svg.rect(333, 550, 334, 104, metal, r=52)
        + svg.rect(341, 558, 318, 88, enamel, r=44)
        + line(film.title_zh, 500, 602 + size * 0.36, size, CHINESE, parts.on(film, enamel), anchor="middle")
    )


def mug(film: Film, ids: svg.Ids, variant: int) -> str:
    choice = parts.colours(film)
    glaze = (parts.BONE, "#F7F3E8", choice[0] if choice[0] != parts.BONE else choice[1], parts.PAPER)[variant % 4]
    inside = [c for c in film.palette if svg.contrast(c, glaze) > 1.3][(1, 2, 0, 1)[variant % 4] % 3 - 1]
    prints = (_mug_band, _mug_mark, _mug_chinese, _mug_enamel)
    return "".join([
        parts.shadow(ids, 500, 856, 320, 28),
        handle(glaze),
        svg.path(BODY, glaze),
        svg.clipped(ids, svg.path(BODY, "#000"), prints[variant % 4](film, ids, glaze)),
        cylinder(ids),
        rim(ids, glaze if variant % 4 != 3 else parts.on(film, glaze), inside),
    ])  # fmt: skip


def handle(glaze: str) -> str:
    d = "M700 372C860 356 872 700 700 690"
    edge = svg.path(d, stroke=svg.mix(glaze, "#000", 0.14), stroke_width="57")
    return (
        edge
        + svg.path(d, stroke=glaze, stroke_width="54")
        + svg.path(
            "M716 364C842 362 850 560 800 640",
            stroke="#fff",
            stroke_width="10",
            stroke_opacity=0.3,
            stroke_linecap="round",
        )
    )


def cylinder(ids: svg.Ids) -> str:
    """Light on a round body: dark edges, one bright band left of the middle."""
    definition, paint = svg.linear(
        ids,
        [
            (0, "#000", 0.4),
            (0.14, "#000", 0.1),
            (0.3, "#fff", 0.26),
            (0.46, "#fff", 0),
            (0.72, "#000", 0.14),
            (1, "#000", 0.46),
        ],
    )
    return definition + svg.path(BODY, paint)


def rim(ids: svg.Ids, glaze: str, inside: str) -> str:
    definition, depth = svg.linear(ids, [(0, "#000", 0.34), (0.5, "#000", 0.08), (1, "#000", 0.24)])
    return (
        definition
        + svg.ellipse(470, 262, 234, 50, glaze)
        + svg.ellipse(470, 264, 221, 43, inside)
        + svg.ellipse(470, 264, 221, 43, depth)
    )


def _mug_band(film: Film, ids: svg.Ids, glaze: str) -> str:
    """The scene wrapped round, from y 348 to 748, bent like the foot of the mug."""
    return svg.clipped(ids, svg.path(BAND, "#000"), parts.scene(film, ids, 236, 348, 468, 400))


def _mug_mark(film: Film, ids: svg.Ids, glaze: str) -> str:
    ink = parts.on(film, glaze)
    return parts.sign(film, ids, 470, 540, 270) + parts.title(film, 470, 742, 280, ink, largest=30)


def _mug_chinese(film: Film, ids: svg.Ids, glaze: str) -> str:
    size = fit(film.title_zh, CHINESE, 330, largest=96)
    ink = parts.on(film, glaze)
    return parts.chinese(film, 470, 560 + size * 0.3, size, ink) + parts.title(film, 470, 690, 250, ink, largest=22)


def _mug_enamel(film: Film, ids: svg.Ids, glaze: str) -> str:
    """Bands of the palette round the foot, the mark above."""
    bars = [c for c in film.palette if svg.contrast(c, glaze) > 1.2]
    bands = "".join(
        svg.path(f"M236 {y}C260 {y + 56} 680 {y + 56} 704 {y}V{y + 34}C680 {y + 90} 260 {y + 90} 236 {y + 34}Z", colour)
        for y, colour in ((640 + 44 * i, colour) for i, colour in enumerate(bars))
    )
    return bands + parts.sign(film, ids, 470, 490, 210)
