"""Eight kinds of goods, 1000 × 1000 on a transparent ground, so that the page's own tile shows behind them."""

from collections.abc import Callable

from .. import svg
from ..film import Film
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


def product(film: Film, template: str, *, variant: int = 0) -> str:
    """The picture of one product; another `variant` is another colourway or composition, not a tint."""
    ids = svg.Ids(f"{film.slug}-{template}-{variant}")
    return svg.document(1000, 1000, TEMPLATES[template](film, ids, variant))
