"""`manage.py make_artwork`: pictures of films, drawn from palette, motif and type. See docs/artwork.md."""

import hashlib
import hmac
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from artwork import Film as DrawnFilm
from artwork import pictures
from artwork.cards import film_card
from artwork.films import MOTIFS
from artwork.products import TEMPLATES, product
from films.drawing import drawn
from films.models import Artwork, Film
from films.services import hang_artwork


class _Kind(NamedTuple):
    width: int
    height: int
    alt_en: str
    alt_zh: str


_KINDS = {
    Artwork.Kind.POSTER: _Kind(800, 1200, "Poster of {film}", "《{film}》海报"),
    Artwork.Kind.WIDE: _Kind(1600, 736, "Scene from the poster of {film}", "《{film}》海报画面"),
    Artwork.Kind.SQUARE: _Kind(800, 800, "Scene from the poster of {film}", "《{film}》海报画面"),
    Artwork.Kind.MARK: _Kind(200, 200, "The sign of {film}", "《{film}》标志"),
}


class Command(BaseCommand):
    """The same film gives the same bytes, on every machine. What a film has already is not drawn over unless told so."""

    help = "Draw films' posters, heroes, squares and marks and hang them, or write them with goods and share cards to a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("films", nargs="*", metavar="SLUG", help="Films by slug; without any, every film.")
        parser.add_argument(
            "--into", type=Path, metavar="FOLDER", help="Write files there and leave the shop as it is."
        )
        parser.add_argument("--motif", choices=sorted(MOTIFS), default="", help="Draw this instead of the film's own.")
        parser.add_argument("--again", action="store_true", help="Also replace artwork that a film has.")

    def handle(self, *_args: Any, **options: Any) -> None:
        films = Film.objects.order_by("position", "pk").prefetch_related("credits", "artworks")
        if slugs := options["films"]:
            films = films.filter(slug__in=slugs)
            if missing := set(slugs) - set(films.values_list("slug", flat=True)):
                raise CommandError(f"no such film: {', '.join(sorted(missing))}")
        for film in films.iterator(chunk_size=100):
            facts = drawn(film, film.credits.all(), motif=options["motif"])
            count = _write(facts, options["into"]) if options["into"] else self._hang(film, facts, options["again"])
            self.stdout.write(f"{film.slug}: {count}")

    def _hang(self, film: Film, facts: DrawnFilm, is_again: bool) -> int:
        """How many pictures the film got."""
        there = {artwork.kind for artwork in film.artworks.all()}
        wanted = [kind for kind in _KINDS if is_again or kind not in there]
        for kind in wanted:
            shape = _KINDS[kind]
            hang_artwork(
                film,
                by=None,
                kind=kind,
                name=_stored(getattr(pictures, kind)(facts).encode()),
                width=shape.width,
                height=shape.height,
                alt_en=shape.alt_en.format(film=film.title_en)[:200],
                alt_zh=shape.alt_zh.format(film=film.title_zh or film.title_en)[:200],
            )
        return len(wanted)


def _stored(content: bytes) -> str:
    """The name of a file with this content: the same content, the same file, and nobody guesses it who lacks the secret."""
    digest = hmac.new(settings.SECRET_KEY.encode(), content, hashlib.sha256).hexdigest()
    name = f"art/{digest[:32]}.svg"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))


def _write(film: DrawnFilm, folder: Path) -> int:
    """How many files of the film were written."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, content in _files(film):
        (folder / f"{film.slug}-{name}").write_bytes(content)
        count += 1
    return count


def _files(film: DrawnFilm) -> Iterator[tuple[str, bytes]]:
    for kind in _KINDS:
        yield f"{kind}.svg", getattr(pictures, kind)(film).encode()
    for template in TEMPLATES:
        yield f"{template}.svg", product(film, template).encode()
    yield "card.jpg", film_card(film)
