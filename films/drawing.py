"""Pictures of films: what the drawing program is told of a row, and what it draws hung as the film's artwork."""

from collections.abc import Iterable

from artwork import Film as DrawnFilm
from films.models import Credit, Film

#: Beside the film's own two colours, where it has no palette: they go with every ground.
_OTHERS = ("#D9482B", "#E9B14A", "#2F8C86", "#F4EDDC")


def drawn(film: Film, people: Iterable[Credit] = (), *, motif: str = "") -> DrawnFilm:
    """`film` as the drawing program takes it. Never a query: the caller hands over who made it."""
    people = list(people)
    palette = tuple(film.palette) or (film.ground, *_OTHERS)
    return DrawnFilm(
        slug=film.slug,
        title_en=film.title_en,
        title_zh=film.title_zh,
        year=film.year,
        directors=tuple(one.name_en for one in people if one.role == Credit.Role.DIRECTOR),
        producers=tuple(one.name_en for one in people if one.role == Credit.Role.PRODUCER),
        palette=palette,
        ground=film.ground,
        ink=film.ink,
        voice=film.voice,
        motif=motif,
    )
