"""A page of film rows against the films that stand: what is new, what differs, and writing it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record_many
from core.importing.report import Outcome
from core.slugs import free_slugs, slug_wishes
from films.importing.rows import FilmRow
from films.models import Credit, Film

#: Films per transaction.
PAGE = 1_000


@dataclass
class FilmChange:
    """What one row does to the film it is about."""

    row: FilmRow
    film: Film
    is_new: bool
    #: Field → [old, new]; "people.<role>" for the credits of a role.
    fields: dict[str, list[Any]] = field(default_factory=dict)
    #: Other films of this title and year that stood before: slug and source key of each.
    namesakes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        if self.is_new:
            return Outcome.CREATED
        return Outcome.UPDATED if self.fields else Outcome.UNCHANGED

    @property
    def roles(self) -> list[str]:
        return [name.removeprefix("people.") for name in self.fields if name.startswith("people.")]


def plan_page(rows: Sequence[FilmRow], *, lock: bool) -> list[FilmChange]:
    """What these rows (each key once) would do. With `lock` the films they are about stay locked.

    A constant number of queries, however long the page is.
    """
    standing = Film.objects.filter(source_key__in=[row.key for row in rows]).order_by("pk")
    if lock:
        standing = standing.select_for_update(no_key=True)
    films = {film.source_key: film for film in standing}
    people = _people_of([film.pk for film in films.values()])
    changes = [_compare(row, films.get(row.key), people) for row in rows]
    _note_namesakes([change for change in changes if change.is_new])
    return changes


def _people_of(film_ids: list[int]) -> dict[tuple[int, str], list[str]]:
    people: dict[tuple[int, str], list[str]] = defaultdict(list)
    credited = Credit.objects.filter(film__in=film_ids).order_by("position", "pk")
    for film_id, role, name in credited.values_list("film_id", "role", "name_en"):
        people[film_id, role].append(name)
    return people


def _compare(row: FilmRow, film: Film | None, people: dict[tuple[int, str], list[str]]) -> FilmChange:
    """What the file does not say leaves what stands."""
    is_new = film is None
    film = film or Film(source_key=row.key)
    change = FilmChange(row, film, is_new)
    told = {"title_en": row.title, "year": row.year, "genres": row.genres, "synopsis_en": row.synopsis}
    for name, value in told.items():
        old = getattr(film, name)
        if value not in (None, "", []) and value != old:
            change.fields[name] = [old, value]
            setattr(film, name, value)
    for role, names in row.people.items():
        old_names = [] if is_new else people[film.pk, role]
        if names and names != old_names:
            change.fields[f"people.{role}"] = [old_names, names]
    return change


def _note_namesakes(changes: list[FilmChange]) -> None:
    """Two films of one title and year stay two films, and somebody is told."""
    titles = {change.film.title_en for change in changes if change.film.year}
    known: dict[tuple[str, int | None], list[tuple[str, str]]] = defaultdict(list)
    standing = Film.objects.filter(title_en__in=titles, year__isnull=False).order_by("pk")
    for title, year, slug, key in standing.values_list("title_en", "year", "slug", "source_key"):
        known[title, year].append((slug, key))
    for change in changes:
        change.namesakes = known.get((change.film.title_en, change.film.year), [])


def write_page(rows: Sequence[FilmRow], *, by: User | None, source: str) -> list[FilmChange]:
    """Plan and write a page in one transaction. It is done again where somebody took a key or slug."""
    for _attempt in range(3):
        try:
            return _write_page(rows, by=by, source=source)
        except IntegrityError:
            continue
    return _write_page(rows, by=by, source=source)


@transaction.atomic(durable=True)
def _write_page(rows: Sequence[FilmRow], *, by: User | None, source: str) -> list[FilmChange]:
    changes = plan_page(rows, lock=True)
    created = [change for change in changes if change.outcome is Outcome.CREATED]
    updated = [change for change in changes if change.outcome is Outcome.UPDATED]
    wishes = [
        slug_wishes(film.title_en, hints=[film.year], public_id=film.public_id, longest=120)
        for film in (change.film for change in created)
    ]
    for change, slug in zip(created, free_slugs(Film, wishes), strict=True):
        change.film.slug = slug
    Film.objects.bulk_create([change.film for change in created])
    for change in updated:
        # What reads films by when they changed (the shelf, partners) finds these.
        change.film.updated_at = timezone.now()
    Film.objects.bulk_update(
        [change.film for change in updated], ["title_en", "year", "genres", "synopsis_en", "updated_at"], batch_size=200
    )
    _write_people(created + updated)
    record_many(
        "film.imported", [(change.film, {"file": source, "line": change.row.line}) for change in created], by=by
    )
    record_many("film.import_updated", [(change.film, change.fields) for change in updated], by=by)
    return changes


def _write_people(changes: list[FilmChange]) -> None:
    for role in Credit.Role.values:
        moved = [change.film.pk for change in changes if role in change.roles and not change.is_new]
        Credit.objects.filter(film__in=moved, role=role).delete()
    Credit.objects.bulk_create(
        [
            Credit(film=change.film, role=role, name_en=name, position=position)
            for change in changes
            for role in change.roles
            for position, name in enumerate(change.row.people[role])
        ],
        batch_size=2_000,
    )
