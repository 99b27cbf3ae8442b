"""The four pictures of a film, and SVG to PNG."""

import resvg_py

from . import svg
from .film import Film, Stage
from .films import picture_of

# The page's tile in light, under pictures that leave the page.
TILE = "#F0EEE9"


def poster(film: Film) -> str:
    """The poster, 800 × 1200: scene, titles in both languages, one credit line."""
    picture, ids = picture_of(film), svg.Ids(f"{film.slug}-poster")
    stage = Stage(800, 1200, "tall")
    return svg.document(800, 1200, picture.scene(stage, film, ids) + picture.letters(film))


def wide(film: Film) -> str:
    """The hero, 1600 × 736: plain ground on the left for words, the scene right of 55 %."""
    ids = svg.Ids(f"{film.slug}-wide")
    return svg.document(1600, 736, picture_of(film).scene(Stage(1600, 736, "wide", 880), film, ids))


def square(film: Film) -> str:
    """The scene alone, 800 × 800."""
    ids = svg.Ids(f"{film.slug}-square")
    return svg.document(800, 800, picture_of(film).scene(Stage(800, 800, "square"), film, ids))


def mark(film: Film) -> str:
    """The film's sign, 200 × 200 on transparent ground."""
    ids = svg.Ids(f"{film.slug}-mark")
    return svg.document(200, 200, picture_of(film).mark(film, ids))


def render_png(picture: str, width: int, *, background: str | None = None) -> bytes:
    """`picture` (SVG text) as PNG bytes, `width` pixels wide, in its own proportions; without a background, clear."""
    return bytes(resvg_py.svg_to_bytes(svg_string=picture, width=width, skip_system_fonts=True, background=background))
