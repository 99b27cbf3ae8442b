"""Reads of films for pages. Everything starts from what may be known in the market's countries at the instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from core.prepared import Prepared, columns_of, instances
from films.models import Artwork, Credit, Embargo, Film, Release, Tier


@dataclass(frozen=True, slots=True)
class FilmPage:
    film: Film
    artworks: dict[str, Artwork]
    credits: dict[str, list[Credit]]
    releases: list[Release]


def film_page(slug: str, *, at: datetime, countries: Sequence[str]) -> FilmPage | None:
    """A film with its artwork, people and releases, or None when there is none to know of. Five queries."""
    found = instances(Film, _FILM, _ONE_FILM(tuple(countries), slug=slug, at=at))
    if not found:
        return None
    film = found[0]
    people: dict[str, list[Credit]] = {}
    for credit in instances(Credit, _CREDIT, _CREDITS(film=film.pk)):
        people.setdefault(credit.role, []).append(credit)
    artworks = artworks_of([film.pk], at=at, countries=countries)
    return FilmPage(film, artworks.get(film.pk, {}), people, instances(Release, _RELEASE, _RELEASES(film=film.pk)))


def slate(
    *, at: datetime, countries: Sequence[str], after: tuple[int, int] | None = None, limit: int = 24
) -> list[Film]:
    """Visible films in the studio's order, `limit` of them after (position, id), without their long texts. One query."""
    position = {"position": after[0], "pk": after[1]} if after else {}
    return instances(Film, _CARD, _SLATE(tuple(countries), limit, at=at, **position))


def films_named(slugs: Collection[str], *, at: datetime, countries: Sequence[str]) -> dict[str, Film]:
    """Visible films by slug, of those named, without their long texts. One query, or none for no slugs."""
    if not slugs:
        return {}
    rows = _NAMED(tuple(countries), at=at, slugs=sorted(slugs))
    return {film.slug: film for film in instances(Film, _CARD, rows)}


def artworks_of(film_ids: Collection[int], *, at: datetime, countries: Sequence[str]) -> dict[int, dict[str, Artwork]]:
    """Artwork by film and kind, without what reveals a tier still under embargo there. Two queries.

    A tier under embargo hides the art that reveals it or any tier after it.
    """
    ids = sorted(film_ids)
    if not ids:
        return {}
    hidden: set[tuple[int, str]] = set()
    for film_id, tier in _EMBARGOED(tuple(countries), at=at, films=ids):
        hidden.update((film_id, later) for later in Tier.values[Tier.values.index(tier) :])
    found: dict[int, dict[str, Artwork]] = {}
    for artwork in instances(Artwork, _ARTWORK, _ARTWORKS(films=ids)):
        if (artwork.film_id, artwork.reveals) not in hidden:
            found.setdefault(artwork.film_id, {})[artwork.kind] = artwork
    return found


def film_colours(*, at: datetime, countries: Sequence[str]) -> list[Film]:
    """Visible films that have colours of their own, for the stylesheet. One query."""
    films = Film.objects.visible(at=at, countries=countries).exclude(palette=[])
    return list(films.only("slug", "ground", "ink")[:500])


_FILM, _CREDIT, _RELEASE, _ARTWORK = columns_of(Film), columns_of(Credit), columns_of(Release), columns_of(Artwork)
_CARD = columns_of(Film, "synopsis_en", "synopsis_zh", "genres", "countries", "created_at", "updated_at")


def _slate(countries: tuple[str, ...], limit: int, *, at: datetime, **after: int) -> QuerySet[Any, Any]:
    films = Film.objects.visible(at=at, countries=countries).order_by("position", "pk")
    return (films.after(**after) if after else films).values_list(*_CARD)[:limit]


_SLATE = Prepared(_slate)
_ONE_FILM = Prepared(
    lambda countries, *, slug, at: (
        Film.objects.visible(at=at, countries=countries).filter(slug=slug).values_list(*_FILM)
    )
)
_NAMED = Prepared(
    lambda countries, *, at, slugs: (
        Film.objects.visible(at=at, countries=countries).filter(slug__in=slugs).values_list(*_CARD)
    )
)
_CREDITS = Prepared(lambda *, film: Credit.objects.filter(film=film).values_list(*_CREDIT))
_RELEASES = Prepared(lambda *, film: Release.objects.filter(film=film).values_list(*_RELEASE))
_ARTWORKS = Prepared(lambda *, films: Artwork.objects.filter(film__in=films).values_list(*_ARTWORK))
_EMBARGOED = Prepared(
    lambda countries, *, at, films: (
        Embargo.objects.in_force(at=at, countries=countries).filter(film__in=films).values_list("film_id", "tier")
    )
)
