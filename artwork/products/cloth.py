"""T-shirts and tote bags."""

from .. import svg
from ..film import Film
from ..lettering import column
from . import parts

BODY = (
    "M356 168C392 214 608 214 644 168L742 206C778 222 800 250 814 286L886 468L760 516L728 432V842C728 852 720 858 710 858"
    "H290C280 858 272 852 272 842V432L240 516L114 468L186 286C200 250 222 222 258 206Z"
)
COLLAR = "M356 168C392 214 608 214 644 168"
FOLDS = (
    ("M272 432C300 560 292 720 272 842V432Z", 0.2),
    ("M728 432C704 560 708 720 728 842V432Z", 0.24),
    ("M300 858C330 700 322 600 306 520C344 640 352 760 344 858Z", 0.07),
    ("M690 858C668 720 676 620 694 540C650 640 640 760 650 858Z", 0.09),
    ("M240 516L272 432C262 380 250 340 240 320C250 380 246 450 216 506Z", 0.16),
    ("M760 516L728 432C738 380 750 340 760 320C750 380 754 450 784 506Z", 0.18),
)
BAG = "M262 356H738L770 884C771 894 764 900 754 900H246C236 900 229 894 230 884Z"


def tee(film: Film, ids: svg.Ids, variant: int) -> str:
    choice = parts.colours(film)
    cloth = choice[(0, 1, 2, 0, 3, 1)[variant % 6] % len(choice)]
    prints = (_panel, _large_mark, _chinese_column, _band, _pocket, _panel)
    return "".join([
        parts.shadow(ids, 500, 872, 300, 26),
        shirt(cloth),
        prints[variant % 6](film, ids, cloth),
        light(cloth),
    ])  # fmt: skip


def shirt(cloth: str) -> str:
    dark = svg.is_dark(cloth)
    stitch = svg.mix(cloth, "#fff" if dark else "#000", 0.22)
    rib = svg.mix(cloth, "#000", 0.25 if dark else 0.12)
    neck = svg.path(f"{COLLAR}C610 150 390 150 356 168Z", svg.mix(cloth, "#000", 0.5))
    body = svg.path(
        BODY, cloth, stroke=svg.mix(cloth, "#fff", 0.2) if dark else svg.mix(cloth, "#000", 0.08), stroke_width="2"
    )
    collar = svg.path("M353 172C392 222 608 222 647 172", stroke=rib, stroke_width="13")
    hems = svg.path(
        "M276 828H724M132 456L254 502M868 456L746 502", stroke=stitch, stroke_width="2", stroke_dasharray="7 5"
    )
    return neck + body + collar + hems


def light(cloth: str) -> str:
    """Folds, over cloth and print alike."""
    strength = 1.2 if svg.is_dark(cloth) else 0.55
    return "".join(svg.path(d, "#000", opacity=opacity * strength) for d, opacity in FOLDS) + svg.path(
        "M420 250C392 420 396 640 420 840C380 700 372 420 420 250Z", "#fff", opacity=0.07
    )


def _panel(film: Film, ids: svg.Ids, cloth: str) -> str:
    return parts.scene(film, ids, 365, 300, 270, 324) + parts.title(
        film, 500, 670, 270, parts.on(film, cloth), largest=34
    )


def _large_mark(film: Film, ids: svg.Ids, cloth: str) -> str:
    return parts.sign(film, ids, 500, 440, 300) + parts.title(film, 500, 650, 280, parts.on(film, cloth), largest=30)


def _chinese_column(film: Film, ids: svg.Ids, cloth: str) -> str:
    size = min(96, 400 / (len(film.title_zh) * 1.2))
    return column(film.title_zh, 500, 290, size, parts.on(film, cloth), step=1.2) + parts.title(
        film, 500, 744, 240, parts.on(film, cloth), largest=22
    )


def _band(film: Film, ids: svg.Ids, cloth: str) -> str:
    """The scene as a broad strip across the chest."""
    return (
        svg.rect(273, 356, 454, 8, parts.on(film, cloth))
        + parts.scene(film, ids, 273, 372, 454, 210)
        + svg.rect(273, 590, 454, 8, parts.on(film, cloth))
    )


def _pocket(film: Film, ids: svg.Ids, cloth: str) -> str:
    ink = parts.on(film, cloth)
    return (
        parts.sign(film, ids, 608, 350, 104)
        + parts.chinese(film, 608, 440, 20, ink)
        + parts.title(film, 500, 800, 150, ink, largest=16)
    )


def tote(film: Film, ids: svg.Ids, variant: int) -> str:
    choice = parts.colours(film)
    natural = parts.BONE
    cloth = (natural, choice[0] if choice[0] != natural else choice[1], choice[2 % len(choice)], natural)[variant % 4]
    ink = parts.on(film, cloth)
    prints = (_bag_mark, _bag_panel, _bag_chinese, _bag_stripes)
    return "".join([
        parts.shadow(ids, 500, 906, 300, 26),
        bag(cloth),
        prints[variant % 4](film, ids, cloth, ink),
        bag_light(),
    ])  # fmt: skip


def bag(cloth: str) -> str:
    dark = svg.is_dark(cloth)
    strap, edge = svg.mix(cloth, "#000", 0.24 if not dark else 0.3), svg.mix(cloth, "#fff" if dark else "#000", 0.2)
    handle = "M376 392V262C376 70 624 70 624 262V392"
    back = svg.path(handle, stroke=strap, stroke_width="26")
    body = svg.path(BAG, cloth) + svg.path("M262 356H738L740 384H260Z", "#000", opacity=0.1)
    patches = ""
    for x in (358, 606):
        patches += svg.rect(x, 344, 36, 56, strap)
        patches += svg.path(
            f"M{x + 5} 360H{x + 31}V394H{x + 5}ZL{x + 31} 394M{x + 31} 360L{x + 5} 394",
            stroke=edge,
            stroke_width="2",
            stroke_dasharray="5 4",
        )
    seam = svg.path("M256 378H744M240 880H760", stroke=edge, stroke_width="2", stroke_dasharray="7 5")
    return back + body + patches + seam


def bag_light() -> str:
    """Folds at both sides and a broad shine, over cloth and print alike."""
    return (
        svg.path("M262 356L230 884C229 894 236 900 246 900H290C300 720 290 520 262 356Z", "#000", opacity=0.09)
        + svg.path("M738 356L770 884C771 894 764 900 754 900H690C690 720 706 520 738 356Z", "#000", opacity=0.13)
        + svg.path("M600 356C640 520 630 720 560 900H620C676 720 676 520 640 356Z", "#fff", opacity=0.12)
    )


def _bag_mark(film: Film, ids: svg.Ids, cloth: str, ink: str) -> str:
    return (
        parts.sign(film, ids, 500, 590, 300)
        + parts.title(film, 500, 796, 340, ink, largest=38)
        + parts.chinese(film, 500, 846, 30, ink)
    )


def _bag_panel(film: Film, ids: svg.Ids, cloth: str, ink: str) -> str:
    return parts.scene(film, ids, 340, 432, 320, 340) + parts.title(film, 500, 832, 320, ink, largest=36)


def _bag_chinese(film: Film, ids: svg.Ids, cloth: str, ink: str) -> str:
    size = min(110, 400 / (len(film.title_zh) * 1.15))
    return column(film.title_zh, 500, 420, size, ink, step=1.15) + parts.title(film, 500, 852, 300, ink, largest=22)


def _bag_stripes(film: Film, ids: svg.Ids, cloth: str, ink: str) -> str:
    return svg.clipped(ids, svg.path(BAG, "#000"), parts.stripes(film, 200, 690, 600, 34, skip=cloth)) + parts.sign(
        film, ids, 500, 540, 200
    )
