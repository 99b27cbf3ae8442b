"""Words as outlines: shaped by HarfBuzz, drawn from variable fonts, written as one SVG path per line.

An SVG in an `<img>` cannot load a web font, and a server need not own a Chinese one, so no picture holds text.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import uharfbuzz as hb
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from . import svg
from .film import Film

HERE = Path(__file__).resolve().parent
SHARED_FONTS = HERE.parent / "static" / "fonts"
FILES = {
    "archivo": SHARED_FONTS / "archivo-latin-standard-normal.woff2",
    "bodoni": SHARED_FONTS / "bodoni-moda-latin-opsz-normal.woff2",
    "bodoni-italic": HERE / "fonts" / "bodoni-moda-latin-opsz-italic.woff2",
    "noto-serif-sc": HERE / "fonts" / "noto-serif-cjk-sc-bold-subset.otf",
}


@dataclass(frozen=True)
class Face:
    """A setting of type: the file, its axes, capitals or not, tracking in em."""

    family: str
    axes: tuple[tuple[str, float], ...] = ()
    caps: bool = False
    tracking: float = 0


VOICES = {
    "cond": Face("archivo", (("wdth", 62), ("wght", 800)), caps=True, tracking=-0.005),
    "wide": Face("archivo", (("wdth", 125), ("wght", 700)), caps=True),
    "thin": Face("archivo", (("wdth", 125), ("wght", 300)), caps=True, tracking=0.06),
    "soft": Face("archivo", (("wdth", 100), ("wght", 600)), tracking=-0.035),
    "didone": Face("bodoni", (("opsz", 48), ("wght", 500))),
}
DIDONE_ITALIC = Face("bodoni-italic", (("opsz", 40), ("wght", 500)))
DIDONE_CREDIT = Face("bodoni-italic", (("opsz", 11), ("wght", 500)))
CREDIT = Face("archivo", (("wdth", 100), ("wght", 480)))
CAPTION = Face("archivo", (("wdth", 125), ("wght", 500)), caps=True, tracking=0.16)
CHINESE = Face("noto-serif-sc", tracking=0.12)


#: Letters that no accent is taken from, and what they are written as where a face lacks them.
_PLAIN = {
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "Ħ": "H",
    "ħ": "h",
    "ı": "i",
    "Ŋ": "N",
    "ŋ": "n",
    "Œ": "OE",
    "œ": "oe",
}


class _OutlinePen(BasePen):
    """Collects one glyph as path data, turned upright and scaled."""

    def __init__(self, x: float, y: float, scale: float) -> None:
        super().__init__(None)
        self.parts: list[str] = []
        self._x, self._y, self._scale = x, y, scale

    def _at(self, point: svg.Point) -> str:
        return f"{svg.num(self._x + point[0] * self._scale)} {svg.num(self._y - point[1] * self._scale)}"

    def _moveTo(self, pt: svg.Point) -> None:
        self.parts.append(f"M{self._at(pt)}")

    def _lineTo(self, pt: svg.Point) -> None:
        self.parts.append(f"L{self._at(pt)}")

    def _curveToOne(self, pt1: svg.Point, pt2: svg.Point, pt3: svg.Point) -> None:
        self.parts.append(f"C{self._at(pt1)} {self._at(pt2)} {self._at(pt3)}")

    def _qCurveToOne(self, pt1: svg.Point, pt2: svg.Point) -> None:
        self.parts.append(f"Q{self._at(pt1)} {self._at(pt2)}")

    def _closePath(self) -> None:
        self.parts.append("Z")


@lru_cache(maxsize=8)
def _face(family: str) -> hb.Face:
    font = TTFont(FILES[family])
    font.flavor = None
    plain = io.BytesIO()
    font.save(plain)
    return hb.Face(plain.getvalue())


@lru_cache(maxsize=64)
def _font(family: str, axes: tuple[tuple[str, float], ...]) -> hb.Font:
    font = hb.Font(_face(family))
    if axes:
        font.set_variations(dict(axes))
    return font


@lru_cache(maxsize=512)
def _shape(words: str, face: Face) -> tuple[tuple[int, float, float], ...]:
    """(glyph, x, advance) in em for each glyph of the line, tracking included."""
    if not words:
        return ()
    font = _font(face.family, face.axes)
    buffer = hb.Buffer()
    buffer.add_str(words.upper() if face.caps else words)
    buffer.guess_segment_properties()
    hb.shape(font, buffer, {"kern": True, "liga": face.tracking == 0})
    em = font.face.upem
    x, glyphs = 0.0, []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if info.codepoint == 0:
            raise ValueError(f"{face.family} has no glyph for a character of {words!r}")
        advance = position.x_advance / em + face.tracking
        glyphs.append((info.codepoint, x + position.x_offset / em, advance))
        x += advance
    return tuple(glyphs)


def writable(words: str, face: Face) -> str:
    """`words` with what the face has letters for: signs it lacks lose their accents, and are left out if that is no help.

    "" for a Chinese title with even one character that is not there: half a title is another one.
    """
    known = _known(face.family)
    written = []
    for sign in words.upper() if face.caps else words:
        if ord(sign) in known:
            written.append(sign)
        elif face.family == CHINESE.family:
            return ""
        else:
            plain = _PLAIN.get(sign) or unicodedata.normalize("NFKD", sign)
            written += [part for part in plain if ord(part) in known and not unicodedata.combining(part)]
    return " ".join("".join(written).split())


def legible(film: Film) -> Film:
    """The film with words that can be set: pictures of any film are asked for, and the fonts here know few scripts."""
    return replace(film, title_en=writable(film.title_en, CREDIT), title_zh=writable(film.title_zh, CHINESE))


@lru_cache(maxsize=8)
def _known(family: str) -> frozenset[int]:
    return frozenset(_face(family).unicodes)


def width(words: str, face: Face, size: float) -> float:
    """How wide the line runs at `size`, without the tracking after its last letter."""
    glyphs = _shape(words, face)
    return size * (sum(advance for _, _, advance in glyphs) - face.tracking) if glyphs else 0.0


def fit(words: str, face: Face, measure: float, *, largest: float = 1000) -> float:
    """The size at which the line is `measure` wide, but no larger than `largest`."""
    return min(largest, measure / max(width(words, face, 1), 0.001))


def broken(words: str, face: Face, measure: float, *, largest: float, most: int = 3) -> tuple[list[str], float]:
    """`words` in the fewest lines in which they stand large, none wider than `measure`, and their size. No lines for none."""
    parts = words.split()
    best: tuple[list[str], float] = ([], 0.0)
    for count in range(1, min(most, len(parts)) + 1):
        rows = _rows(parts, count, face)
        size = min(largest / (1 + 0.22 * (count - 1)), *(fit(row, face, measure) for row in rows))
        if size > best[1] * 1.12:
            best = rows, size
    return best


def _rows(words: Sequence[str], count: int, face: Face) -> list[str]:
    """`words` in `count` lines, filled as evenly as whole words allow."""
    share = width(" ".join(words), face, 1) / count
    rows: list[str] = []
    row = ""
    for place, word in enumerate(words):
        longer = f"{row} {word}".strip()
        is_full = width(longer, face, 1) > share * 1.1 or len(words) - place < count - len(rows)
        if row and len(rows) < count - 1 and is_full:
            rows.append(row)
            longer = word
        row = longer
    return [*rows, row]


def line(words: str, x: float, y: float, size: float, face: Face, fill: str, *, anchor: str = "start") -> str:
    """One line with its baseline at y; `anchor` start, middle or end says what x means."""
    if anchor != "start":
        x -= width(words, face, size) * (0.5 if anchor == "middle" else 1)
    font = _font(face.family, face.axes)
    scale = size / font.face.upem
    parts: list[str] = []
    for glyph, offset, _ in _shape(words, face):
        pen = _OutlinePen(x + offset * size, y, scale)
        font.draw_glyph_with_pen(glyph, pen)
        parts += pen.parts
    return svg.path("".join(parts), fill) if parts else ""


def column(words: str, x: float, y: float, size: float, fill: str, *, step: float = 1.25) -> str:
    """Chinese set downwards, centred on x, the first character's top at y."""
    face = replace(CHINESE, tracking=0)
    return "".join(
        line(character, x, y + size * 0.88 + index * size * step, size, face, fill, anchor="middle")
        for index, character in enumerate(words)
    )
