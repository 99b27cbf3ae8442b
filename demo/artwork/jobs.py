"""Pictures as jobs for other processes: this module and what it imports need no Django, so a spawned process can."""

from dataclasses import dataclass

from .film import Film
from .pictures import TILE, mark, poster, render_png, square, wide
from .products import detail, product

_FILM_PICTURES = {"poster": poster, "wide": wide, "square": square, "mark": mark}


@dataclass(frozen=True)
class Drawing:
    """One picture to draw: of a film (`template` is poster, wide, square or mark) or, with a variant, of a product."""

    film: Film
    template: str
    variant: int | None = None
    is_detail: bool = False


def draw(drawing: Drawing) -> str:
    """The picture as SVG."""
    if drawing.variant is None:
        return _FILM_PICTURES[drawing.template](drawing.film)
    picture_of = detail if drawing.is_detail else product
    return picture_of(drawing.film, drawing.template, variant=drawing.variant)


def render(job: tuple[str, int]) -> bytes:
    """(SVG, width) as PNG on the tile's ground."""
    return render_png(*job, background=TILE)
