"""What several product templates share: shadow, cloth colours, prints of a scene, lines of type."""

from .. import svg
from ..film import Film, Stage
from ..films import picture_of
from ..lettering import CHINESE, VOICES, Face, fit, line

BONE, NIGHT, PAPER = "#F4EDDC", "#1B1C20", "#FBFAF5"


def shadow(ids: svg.Ids, x: float, y: float, rx: float, ry: float) -> str:
    """The one contact shadow at the foot, from .42 to nothing."""
    definition, paint = svg.radial(ids, [(0, "#000", 0.42), (0.55, "#000", 0.16), (1, "#000", 0)])
    return definition + svg.ellipse(x, y, rx, ry, paint)


def colours(film: Film) -> list[str]:
    """Grounds on which this film's goods are made, the most natural first, no two alike."""
    own = [film.ground if svg.is_dark(film.ground) else BONE]
    others = [film.ground, BONE, *film.palette, NIGHT]
    for colour in others:
        if all(svg.contrast(colour, seen) > 1.25 for seen in own):
            own.append(colour)
    return own


def on(film: Film, ground: str) -> str:
    """The film's colour that reads best on `ground`, its palette first, then bone and night."""
    readable = [c for c in (film.ink, film.ground, *film.palette) if svg.contrast(c, ground) >= 4.5]
    return readable[0] if readable else max((BONE, NIGHT), key=lambda c: svg.contrast(c, ground))


def scene(film: Film, ids: svg.Ids, x: float, y: float, w: float, h: float, *, kind: str = "square") -> str:
    """The film's scene fitted into a box."""
    units = Stage(600, 600 * h / w, kind)
    return svg.frame(picture_of(film).scene(units, film, ids), x, y, w, h, (0, 0, units.w, units.h))


def sign(film: Film, ids: svg.Ids, x: float, y: float, size: float) -> str:
    """The film's mark, `size` wide, centred on (x, y)."""
    return svg.place(picture_of(film).mark(film, ids), x - size / 2, y - size / 2, size / 200)


def voice(film: Film) -> Face:
    return VOICES[film.voice]


def title(film: Film, x: float, y: float, measure: float, fill: str, *, largest: float = 40) -> str:
    """The English title in the film's voice, centred, no wider than `measure`."""
    size = fit(film.title_en, voice(film), measure, largest=largest)
    return line(film.title_en, x, y, size, voice(film), fill, anchor="middle")


def chinese(film: Film, x: float, y: float, size: float, fill: str) -> str:
    return line(film.title_zh, x, y, size, CHINESE, fill, anchor="middle")


def stripes(film: Film, x: float, y: float, w: float, bar: float, *, skip: str) -> str:
    """The palette as bars, without the colour they lie on."""
    bars = [c for c in film.palette if svg.contrast(c, skip) > 1.2]
    return "".join(svg.rect(x, y + i * bar * 1.6, w, bar, colour) for i, colour in enumerate(bars))
