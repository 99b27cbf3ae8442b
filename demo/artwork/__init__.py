"""Posters, heroes and product pictures for the demo, drawn by program: the same film gives the same file, always."""

from .film import Film, Stage, load_films, read_film
from .pictures import TILE, mark, poster, render_png, square, wide
from .products import TEMPLATES, detail, product

__all__ = [
    "TEMPLATES",
    "TILE",
    "Film",
    "Stage",
    "detail",
    "load_films",
    "mark",
    "poster",
    "product",
    "read_film",
    "render_png",
    "square",
    "wide",
]
