"""Eight kinds of goods, 1000 × 1000 on a transparent ground, so that the page's own tile shows behind them."""

from collections.abc import Callable

from .. import svg
from ..film import Film
from ..lettering import legible
from .cloth import tee, tote
from .hard import mug, pin
from .paper import framed_print, model, vinyl
from .soft import plush

TEMPLATES: dict[str, Callable[[Film, svg.Ids, int], str]] = {
    "tee": tee,
    "pin": pin,
    "mug": mug,
    "tote": tote,
    "print": framed_print,
    "plush": plush,
    "vinyl": vinyl,
    "model": model,
}


# Where the print is, for a look from near: x, y and side in the 1000 box.
DETAILS = {
    "tee": (300, 250, 400), "pin": (290, 250, 420), "mug": (250, 320, 440), "tote": (300, 400, 400),
    "print": (300, 300, 400), "plush": (280, 340, 440), "vinyl": (420, 330, 460), "model": (380, 330, 400),
}  # fmt: skip


def detail(film: Film, template: str, *, variant: int = 0) -> str:
    """The same product from near, 1000 × 1000."""
    ids, film = svg.Ids(f"{film.slug}-{template}-{variant}-near"), legible(film)
    x, y, side = DETAILS[template]
    return svg.document(
        1000, 1000, svg.frame(TEMPLATES[template](film, ids, variant), 0, 0, 1000, 1000, (x, y, side, side))
    )


def product(film: Film, template: str, *, variant: int = 0) -> str:
    """The picture of one product; another `variant` is another colourway or composition, not a tint."""
    ids, film = svg.Ids(f"{film.slug}-{template}-{variant}"), legible(film)
    return svg.document(1000, 1000, TEMPLATES[template](film, ids, variant))
