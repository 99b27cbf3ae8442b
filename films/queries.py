"""Reads of films for pages. Everything starts from what may be known in the market's countries at the instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from films.models import Artwork, Credit, Embargo, Film, Release, Tier


@dataclass(frozen=True, slots=True)
class FilmPage:
    film: Film
    artworks: dict[str, Artwork]
    credits: dict[str, list[Credit]]
    releases: list[Release]


def film_page(slug: str, *, at: datetime, countries: Sequence[str]) -> FilmPage | None:
    """A film with its artwork, people and releases, or None when there is none to know of. Four queries."""
    film = Film.objects.visible(at=at, countries=countries).filter(slug=slug).first()
    if film is None:
        return None
    people: dict[str, list[Credit]] = {}
    for credit in film.credits.all():
        people.setdefault(credit.role, []).append(credit)
    return FilmPage(
        film, artworks_of([film.pk], at=at, countries=countries).get(film.pk, {}), people, list(film.releases.all())
    )


def slate(
    *, at: datetime, countries: Sequence[str], after: tuple[int, int] | None = None, limit: int = 24
) -> list[Film]:
    """Visible films in the studio's order, `limit` of them after (position, id). One query."""
    films = Film.objects.visible(at=at, countries=countries).order_by("position", "pk")
    if after is not None:
        films = films.after(*after)
    return list(films[:limit])


def artworks_of(film_ids: Collection[int], *, at: datetime, countries: Sequence[str]) -> dict[int, dict[str, Artwork]]:
    """Artwork by film and kind, without what reveals a tier still under embargo there. One query.

    A tier under embargo hides the art that reveals it or any tier after it.
    """
    shown = Artwork.objects.filter(film__in=list(film_ids))
    for tier in Tier.values:
        embargoed = Embargo.objects.in_force(at=at, countries=countries).filter(tier=tier).values("film")
        later = Tier.values[Tier.values.index(tier) :]
        shown = shown.exclude(reveals__in=later, film__in=embargoed)
    found: dict[int, dict[str, Artwork]] = {}
    for artwork in shown:
        found.setdefault(artwork.film_id, {})[artwork.kind] = artwork
    return found


def film_colours(*, at: datetime, countries: Sequence[str]) -> list[Film]:
    """Visible films that have colours of their own, for the stylesheet. One query."""
    films = Film.objects.visible(at=at, countries=countries).exclude(palette=[])
    return list(films.only("slug", "ground", "ink")[:500])
