"""Prints, records and model boxes."""

from .. import svg
from ..film import Film, Stage
from ..films import picture_of
from ..lettering import CAPTION, CHINESE, column, fit, line
from . import parts

# Where the square scene leaves room for the title: baseline, largest size, colour that reads there.
SLEEVE_TITLES = {
    "in-the-mood-for-love": (803, 30, parts.BONE),
    "the-grandmaster": (800, 26, parts.BONE),
    "spirited-away": (792, 52, parts.BONE),
    "the-wandering-earth": (234, 40, "#DCEBEF"),
    "metropolis": (790, 60, parts.BONE),
    "paris-texas": (788, 56, parts.BONE),
}


def framed_print(film: Film, ids: svg.Ids, variant: int) -> str:
    return (_framed_poster, _riso, _landscape, _cards)[variant % 4](film, ids)


def _poster(film: Film, ids: svg.Ids) -> str:
    return picture_of(film).scene(Stage(800, 1200, "tall"), film, ids) + picture_of(film).letters(film)


def _framed_poster(film: Film, ids: svg.Ids) -> str:
    w, h = 464.0, 696.0
    x, y = 500 - w / 2, 152.0
    glass = svg.path("M500 132L732 132V520Z", "#fff", opacity=0.055)
    return "".join([
        parts.shadow(ids, 500, 892, 290, 20),
        svg.rect(x - 34, y - 34, w + 68, h + 68, "#1A1A1C"),
        svg.rect(x - 20, y - 20, w + 40, h + 40, "#FFFFFF"),
        svg.frame(_poster(film, ids), x, y, w, h, (0, 0, 800, 1200)),
        svg.path(f"M{svg.num(x - 20)} {svg.num(y - 20)}H{svg.num(x + w + 20)}V{svg.num(y - 14)}H{svg.num(x - 20)}Z", "#000", opacity=0.16),
        glass,
    ])  # fmt: skip


def _riso(film: Film, ids: svg.Ids) -> str:
    """A square art print on heavy paper with the title under the picture."""
    return "".join([
        parts.shadow(ids, 500, 888, 300, 18),
        svg.rect(226, 146, 560, 736, "#000", opacity=0.1),
        svg.rect(220, 138, 560, 736, parts.PAPER),
        parts.scene(film, ids, 262, 180, 476, 546),
        parts.title(film, 500, 796, 400, parts.NIGHT, largest=44),
        parts.chinese(film, 500, 842, 26, parts.NIGHT),
    ])  # fmt: skip


def _landscape(film: Film, ids: svg.Ids) -> str:
    """The scene on its side in a frame of pale wood."""
    definition, wood = svg.linear(ids, [(0, "#D9B98A", 1), (0.5, "#E7CDA4", 1), (1, "#CFAA76", 1)])
    return "".join([
        definition,
        parts.shadow(ids, 500, 792, 400, 20),
        svg.rect(112, 232, 776, 548, wood),
        svg.rect(134, 254, 732, 504, "#000", opacity=0.18),
        svg.rect(138, 260, 724, 498, parts.PAPER),
        parts.scene(film, ids, 186, 304, 628, 410),
        svg.path("M640 260H862V560Z", "#fff", opacity=0.07),
    ])  # fmt: skip


def _cards(film: Film, ids: svg.Ids) -> str:
    """Three postcards in a fan: scene, mark, Chinese title."""
    ground = parts.colours(film)[0]
    other = next(c for c in (*film.palette, parts.BONE) if svg.contrast(c, ground) > 1.5)
    zh = min(88, 390 / (len(film.title_zh) * 1.14))
    blank = svg.rect(-170, -240, 340, 480, "#000", opacity=0.14) + svg.rect(-174, -246, 340, 480, parts.PAPER)
    card_mark = blank + svg.rect(-156, -228, 304, 444, other) + parts.sign(film, ids, -4, -6, 230)
    card_zh = (
        blank
        + svg.rect(-156, -228, 304, 444, ground)
        + column(film.title_zh, -92, -200, zh, parts.on(film, ground), step=1.14)
    )
    card_scene = blank + parts.scene(film, ids, -156, -228, 304, 444, kind="tall")
    return "".join([
        parts.shadow(ids, 500, 842, 360, 22),
        svg.place(card_zh, 318, 540, 1, -11),
        svg.place(card_mark, 690, 548, 1, 10),
        svg.place(card_scene, 504, 530, 1.08, -1),
    ])  # fmt: skip


def vinyl(film: Film, ids: svg.Ids, variant: int) -> str:
    disc = _disc_colour(film, variant)
    sleeves = (_sleeve_scene, _sleeve_mark, _sleeve_chinese)
    if variant % 4 == 3:
        return _picture_disc(film, ids)
    return "".join([
        parts.shadow(ids, 520, 826, 400, 26),
        record(648, 500, 306, disc, svg.mix(disc, "#000", 0.45)),
        sleeves[variant % 4](film, ids),
        svg.rect(108, 184, 9, 632, "#000", opacity=0.3),
        svg.rect(117, 184, 3, 632, "#fff", opacity=0.14),
        svg.rect(734, 184, 6, 632, "#000", opacity=0.22),
    ])  # fmt: skip


def _disc_colour(film: Film, variant: int) -> str:
    choice = [c for c in film.palette if svg.contrast(c, film.ground) > 1.3] or [parts.NIGHT]
    return (choice[0], parts.NIGHT, choice[1 % len(choice)])[variant % 3] if variant % 4 != 3 else choice[0]


def record(x: float, y: float, r: float, colour: str, label: str) -> str:
    """A pressed record: grooves every 9, two wedges of light, a label and its hole."""
    dark = svg.is_dark(colour)
    groove = svg.mix(colour, "#fff" if dark else "#000", 0.12)
    body = svg.circle(x, y, r, colour)
    rings, step = "", r - 12
    while step > r * 0.36:
        rings += svg.disc_path(x, y, step)
        step -= 9
    body += svg.path(rings, stroke=groove, stroke_width="1.2")
    for start, end in ((-22, -8), (158, 172), (28, 34)):
        wedge = svg.outline(
            [(x, y), svg.polar(x, y, r, start), svg.polar(x, y, r * 1.0, (start + end) / 2), svg.polar(x, y, r, end)]
        )
        body += svg.path(wedge, "#fff", opacity=0.16)
    return body + svg.circle(x, y, r * 0.33, label) + svg.circle(x, y, r * 0.035, parts.BONE)


def _sleeve_scene(film: Film, ids: svg.Ids) -> str:
    y, largest, colour = SLEEVE_TITLES.get(film.slug, (786, 56, film.ink))
    size = fit(film.title_en, parts.voice(film), 560, largest=largest)
    return parts.scene(film, ids, 108, 184, 632, 632) + line(film.title_en, 140, y, size, parts.voice(film), colour)


def _sleeve_mark(film: Film, ids: svg.Ids) -> str:
    ground = parts.colours(film)[1]
    ink = parts.on(film, ground)
    return (
        svg.rect(108, 184, 632, 632, ground)
        + parts.sign(film, ids, 424, 466, 360)
        + parts.title(film, 424, 744, 500, ink, largest=46)
        + line("Original soundtrack", 424, 780, 15, CAPTION, ink, anchor="middle")
    )


def _sleeve_chinese(film: Film, ids: svg.Ids) -> str:
    ground = film.ground
    size = fit(film.title_zh, CHINESE, 500, largest=190)
    return (
        svg.rect(108, 184, 632, 632, ground)
        + parts.stripes(film, 108, 640, 632, 22, skip=ground)
        + line(film.title_zh, 424, 470, size, CHINESE, film.ink, anchor="middle")
        + parts.title(film, 424, 560, 460, film.ink, largest=34)
    )


def _picture_disc(film: Film, ids: svg.Ids) -> str:
    """The scene pressed into the record, which stands in front of its plain sleeve."""
    ground = parts.colours(film)[0]
    r, x, y = 290.0, 560.0, 520.0
    grooves = "".join(svg.disc_path(x, y, radius) for radius in range(120, 285, 12))
    return "".join([
        parts.shadow(ids, 520, 828, 380, 26),
        svg.rect(108, 184, 560, 620, ground),
        parts.chinese(film, 210, 240, 30, parts.on(film, ground)),
        svg.circle(x + 4, y + 8, r, "#000", opacity=0.22),
        svg.clipped(ids, svg.circle(x, y, r, "#000"), parts.scene(film, ids, x - r, y - r, 2 * r, 2 * r)),
        svg.path(grooves, stroke="#fff", stroke_width="1", stroke_opacity=0.12),
        svg.ring(x, y, r - 3, "#fff", 5, opacity=0.18),
        svg.circle(x, y, 10, parts.BONE),
    ])  # fmt: skip


def model(film: Film, ids: svg.Ids, variant: int) -> str:
    """A box: front 600 × 470 at (140, 300), depth (150, −96), the foot a band of 86 with the title."""
    choice = parts.colours(film)
    box = (film.ground, choice[1], choice[2 % len(choice)])[variant % 3]
    band = (svg.mix(box, "#000", 0.28) if svg.is_dark(box) else film.palette[0], film.ground, parts.NIGHT)[variant % 3]
    if svg.contrast(band, box) < 1.15:
        band = svg.mix(box, "#000", 0.4)
    ink = parts.on(film, band)
    side = svg.mix(box, "#000", 0.34)
    front = (
        parts.scene(film, ids, 140, 300, 600, 384)
        if variant % 3 == 0
        else svg.rect(140, 300, 600, 384, box) + parts.sign(film, ids, 440, 490, 330)
    )
    size = fit(film.title_en, parts.voice(film), 330, largest=40)
    pieces = 180 + 20 * (sum(map(ord, film.slug)) % 17) + 60 * variant
    side_ink = parts.on(film, side)
    side_title = line(
        film.title_en, 0, 0, fit(film.title_en, parts.voice(film), 300, largest=30), parts.voice(film), side_ink
    )
    return "".join([
        parts.shadow(ids, 520, 774, 420, 26),
        svg.polygon([(140, 300), (290, 204), (890, 204), (740, 300)], svg.mix(box, "#fff", 0.12)),
        svg.polygon([(740, 300), (890, 204), (890, 674), (740, 770)], side),
        front,
        svg.rect(140, 684, 600, 86, band),
        line(film.title_en, 168, 727 + size * 0.34, size, parts.voice(film), ink),
        line("Model set", 712, 718, 15, CAPTION, ink, anchor="end"),
        line(f"{pieces} pieces, 1:{(60, 120, 35)[variant % 3]}", 712, 746, 15, CAPTION, ink, anchor="end"),
        svg.group(side_title, transform="translate(826 650) skewY(-32.6) rotate(-90)"),
        svg.path("M740 300V770", stroke="#fff", stroke_opacity=0.14, stroke_width="2"),
    ])  # fmt: skip
