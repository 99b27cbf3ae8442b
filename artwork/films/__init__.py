"""Motifs: `scene`, `mark`, `letters` and `plush`, each a pure function of the film. Films of the studio's own have one drawn
for them alone, a module here; every other film gets one of `MOTIFS` in its own colours, type and seed."""

import zlib
from types import ModuleType

from ..film import Film
from . import (
    amelie,
    bamboo,
    chungking,
    earth,
    fan,
    ferryman,
    grandmaster,
    metropolis,
    mood,
    moon,
    odyssey,
    spirited,
    texas,
)
from .motifs import MOTIFS, Motif

__all__ = ["MOTIFS", "PICTURES", "picture_of"]

PICTURES: dict[str, ModuleType] = {
    "the-ferryman": ferryman,
    "in-the-mood-for-love": mood,
    "chungking-express": chungking,
    "the-grandmaster": grandmaster,
    "spirited-away": spirited,
    "the-wandering-earth": earth,
    "moon": moon,
    "amelie": amelie,
    "crouching-tiger-hidden-dragon": bamboo,
    "metropolis": metropolis,
    "2001-a-space-odyssey": odyssey,
    "paris-texas": texas,
    "farewell-my-concubine": fan,
}


def picture_of(film: Film) -> ModuleType | Motif:
    """What draws the film: the motif asked for, its own drawing, or one that its slug chooses for good."""
    if film.motif:
        return MOTIFS[film.motif]
    if film.slug in PICTURES:
        return PICTURES[film.slug]
    return MOTIFS[sorted(MOTIFS)[zlib.crc32(film.slug.encode()) % len(MOTIFS)]]
