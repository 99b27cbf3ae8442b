"""Verbs that change films: their texts, releases and embargoes, and bringing films in from a file."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.bulk import in_pages
from core.clock import known_zone, plausible
from core.errors import Refused
from core.importing.report import Outcome, Report
from core.jobs import enqueue
from core.territories import normalise_country, zone_of
from films.importing.reading import FilmReading
from films.importing.sources import open_source
from films.importing.store import PAGE, plan_page, write_page
from films.models import Artwork, Embargo, Film, Release, Tier

#: What a person may write about a film. Its slug is its address and stays.
FILM_TEXTS = frozenset(
    {"title_en", "title_zh", "title_original", "original_language", "lede_en", "lede_zh", "synopsis_en", "synopsis_zh"}
    | {"year", "runtime_minutes", "ground", "ink", "voice", "position"}
)


@transaction.atomic(durable=True)
def create_film(*, by: User | None, slug: str, **texts: Any) -> Film:
    """A new film at `slug`. Refuses `slug_taken`."""
    if Film.objects.filter(slug=slug).exists():
        raise Refused("slug_taken", slug=slug)
    film = Film.objects.create(slug=slug, **_known_texts(texts))
    record("film.created", film, by=by, slug=slug)
    return film


@transaction.atomic(durable=True)
def set_film_texts(film: Film, *, by: User | None, **texts: Any) -> Film:
    """Write the given titles, texts and colours; what is not named stays."""
    locked = _lock(film)
    changes = {}
    for name, value in _known_texts(texts).items():
        if (old := getattr(locked, name)) != value:
            changes[name] = [old, value]
            setattr(locked, name, value)
    if changes:
        _facts_changed(locked)
        record("film.edited", locked, by=by, **changes)
    return locked


@transaction.atomic(durable=True)
def set_embargo(
    film: Film, *, by: User | None, tier: str, lifts_at: datetime, country: str = "", zone: str = "UTC"
) -> Embargo:
    """Nothing that reveals `tier` is seen in `country` (blank: anywhere) before `lifts_at`.

    There is one row per tier and country: setting it again moves it.
    """
    if tier not in Tier.values:
        raise Refused("unknown_tier", tier=tier)
    country = normalise_country(country) if country else ""
    known_zone(zone)
    plausible(lifts_at)
    locked = _lock(film)
    embargo = Embargo.objects.filter(film=locked, tier=tier, country=country).first()
    if embargo is not None and (embargo.lifts_at, embargo.zone) == (lifts_at, zone):
        return embargo
    old = embargo.lifts_at.isoformat() if embargo else None
    embargo = embargo or Embargo(film=locked, tier=tier, country=country)
    embargo.lifts_at, embargo.zone = lifts_at, zone
    embargo.save()
    _facts_changed(locked)
    moved = [old, lifts_at.isoformat()]
    record("film.embargo_set", locked, by=by, tier=tier, country=country, zone=zone, lifts_at=moved)
    return embargo


@transaction.atomic(durable=True)
def lift_embargo(embargo: Embargo, *, by: User | None, at: datetime) -> Embargo:
    """End an embargo at `at` instead of later. The row stays as a memory. Refuses `already_done` when it is over."""
    film = _lock(embargo.film)
    locked = Embargo.objects.select_for_update().get(pk=embargo.pk)
    if locked.lifts_at <= at:
        raise Refused("already_done")
    old, locked.lifts_at = locked.lifts_at, at
    locked.save(update_fields=["lifts_at"])
    _facts_changed(film)
    record(
        "film.embargo_lifted",
        film,
        by=by,
        tier=locked.tier,
        country=locked.country,
        lifts_at=[old.isoformat(), at.isoformat()],
    )
    return locked


@transaction.atomic(durable=True)
def set_release(film: Film, *, by: User | None, country: str, opens_on: date, zone: str = "") -> Release:
    """`film` opens in `country` on `opens_on` by the calendar of `zone` (blank: the country's own)."""
    country = normalise_country(country)
    zone = known_zone(zone or zone_of(country))
    plausible(opens_on)
    locked = _lock(film)
    release = Release.objects.filter(film=locked, country=country).first()
    if release is not None and (release.opens_on, release.zone) == (opens_on, zone):
        return release
    old = release.opens_on.isoformat() if release else None
    release = release or Release(film=locked, country=country)
    release.opens_on, release.zone = opens_on, zone
    release.save()
    _facts_changed(locked)
    record("film.release_set", locked, by=by, country=country, zone=zone, opens_on=[old, opens_on.isoformat()])
    return release


@transaction.atomic(durable=True)
def remove_release(release: Release, *, by: User | None) -> None:
    """Take a country's date back. Refuses `already_done` when it is gone."""
    film = _lock(release.film)
    if not Release.objects.filter(pk=release.pk).delete()[0]:
        raise Refused("already_done")
    _facts_changed(film)
    record("film.release_removed", film, by=by, country=release.country, opens_on=[release.opens_on.isoformat(), None])


@transaction.atomic(durable=True)
def hang_artwork(
    film: Film, *, by: User | None, kind: str, name: str, width: int, height: int, alt_en: str = "", alt_zh: str = ""
) -> Artwork:
    """The stored file `name` is `film`'s picture of `kind` from now on; there is one of each. What it reveals stays as it was
    set, and is the logo for a new one."""
    locked = _lock(film)
    artwork = Artwork.objects.filter(film=locked, kind=kind).first() or Artwork(film=locked, kind=kind)
    if artwork.file.name == name:
        return artwork
    old, artwork.file.name = artwork.file.name, name
    artwork.width, artwork.height, artwork.alt_en, artwork.alt_zh = width, height, alt_en, alt_zh
    artwork.save()
    _facts_changed(locked)
    record("film.artwork_hung", locked, by=by, kind=kind, file=[old, name])
    return artwork


def import_films(path: Path, *, by: User | None, is_dry_run: bool = False) -> Report:
    """Bring the films of a file in, a page at a time; each page is one transaction, so what was written stays written.

    Refuses the file as a whole (`file_unreadable`, `unknown_format`) before anything is written. A bad row is
    reported and left out. The same file again changes nothing. Memory is bounded for tables and XML.
    """
    source = open_source(path)
    report = Report(path.name, "films", is_dry_run, source.format)
    reading = FilmReading(report)
    for page in in_pages(reading.good_rows(source.rows()), PAGE):
        changes = plan_page(page, lock=False) if is_dry_run else write_page(page, by=by, source=path.name)
        reading.note(changes)
    report.check_balance()
    if not is_dry_run and report.rows.outcomes[Outcome.CREATED] + report.rows.outcomes[Outcome.UPDATED]:
        enqueue("catalog.catch_up_shelf")
    return report


def _lock(film: Film) -> Film:
    return Film.objects.select_for_update(no_key=True).get(pk=film.pk)


def _facts_changed(film: Film) -> None:
    """Moves `updated_at`, by which the shelf finds what it has to compile again, and hurries it along."""
    film.save()
    enqueue("catalog.catch_up_shelf")


def _known_texts(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := texts.keys() - FILM_TEXTS:
        raise TypeError(f"not a film's texts: {sorted(unknown)}")
    return texts
