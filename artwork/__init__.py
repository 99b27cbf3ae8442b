"""Posters, heroes, share cards and pictures of goods, drawn by program: the same film gives the same bytes, always.

Nothing here knows Django or a table: `films.drawing` hands over what a picture needs of a film. What draws is heavy to import
(fonts, outlines, a renderer), so it is imported by name, by whoever draws: `artwork.pictures`, `artwork.products`,
`artwork.cards`, `artwork.mockups`.
"""

from .film import Film, Stage

__all__ = ["Film", "Stage"]
