"""Pictures as jobs for other processes: this module and what it imports need no Django, so a spawned process can."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .film import Film
from .lettering import FILES
from .pictures import TILE, mark, poster, render_png, square, wide
from .products import detail, product

_FILM_PICTURES = {"poster": poster, "wide": wide, "square": square, "mark": mark}


@dataclass(frozen=True)
class Drawing:
    """One file to make: of a film (`template` is poster, wide, square or mark) or, with a variant, of a product.

    SVG, or with a `png_width` a PNG of that width on the tile's ground.
    """

    film: Film
    template: str
    variant: int | None = None
    is_detail: bool = False
    png_width: int = 0

    @property
    def key(self) -> str:
        """Says what the file will hold without drawing it: the request, and the state of everything that draws."""
        return f"{_sources()}/{self!r}"


def draw(drawing: Drawing) -> bytes:
    picture = _svg(drawing)
    return render_png(picture, drawing.png_width, background=TILE) if drawing.png_width else picture.encode()


def _svg(drawing: Drawing) -> str:
    if drawing.variant is None:
        return _FILM_PICTURES[drawing.template](drawing.film)
    picture_of = detail if drawing.is_detail else product
    return picture_of(drawing.film, drawing.template, variant=drawing.variant)


@cache
def _sources() -> str:
    digest = hashlib.sha256()
    for path in (*sorted(Path(__file__).parent.rglob("*.py")), *FILES.values()):
        digest.update(path.read_bytes())
    return digest.hexdigest()
