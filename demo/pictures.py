"""Drawing and storing the demo's pictures: SVG for pages, PNG for channels that take no vector art."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from catalog.models import Image, Product
from demo.artwork import Film as ArtFilm
from demo.artwork import read_film
from demo.artwork.jobs import Drawing, draw, render
from demo.files import read_goods, read_table
from demo.rows import Tally, write
from films.models import Artwork, Film

SIZES = {"poster": (800, 1200), "wide": (1600, 736), "square": (800, 800), "mark": (200, 200)}
NAMES = {
    "poster": ("Poster of {film}", "《{film}》海报"),
    "wide": ("Scene from the poster of {film}", "《{film}》海报画面"),
    "square": ("Scene from the poster of {film}", "《{film}》海报画面"),
    "mark": ("The sign of {film}", "《{film}》标志"),
}
GOODS_SIZE = 1000
# Campaign goods go to every channel in full size; the others meet every channel's minimum of 500.
CHANNEL_WIDTHS = {"campaign": 1000, "open": 600}

Progress = Callable[[int, int], None]


def load_pictures(progress: Progress) -> Tally:
    """Draw what is missing or has changed. SVG is drawn always and compared; PNG only where its SVG is new."""
    tally = Tally()
    films = {row["slug"]: read_film(row) for row in read_table("films")}
    # Spawned, not forked: a fork would share this process's database connection.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 4), mp_context=get_context("spawn")) as pool:
        _load_film_pictures(films, pool, tally)
        _load_goods_pictures(films, pool, tally, progress)
    return tally


def _load_film_pictures(films: dict[str, ArtFilm], pool: ProcessPoolExecutor, tally: Tally) -> None:
    drawings = [Drawing(film, kind) for film in films.values() for kind in SIZES]
    rows = {film.slug: film for film in Film.objects.filter(slug__in=films)}
    for drawing, picture in zip(drawings, pool.map(draw, drawings, chunksize=4), strict=True):
        kind, film = drawing.template, rows[drawing.film.slug]
        width, height = SIZES[kind]
        english, chinese = NAMES[kind]
        values = {
            "file": _store("art", picture),
            "width": width,
            "height": height,
            "alt_en": english.format(film=film.title_en),
            "alt_zh": chinese.format(film=film.title_zh),
        }
        write(Artwork, {"film": film, "kind": kind}, values, tally=tally)


def _load_goods_pictures(
    films: dict[str, ArtFilm], pool: ProcessPoolExecutor, tally: Tally, progress: Progress
) -> None:
    goods = read_goods()
    products = {product.sku: product for product in Product.objects.filter(sku__in=[row["sku"] for row in goods])}
    whole = [Drawing(films[row["film"]], row["template"], int(row["art_variant"])) for row in goods]
    close = [Drawing(one.film, one.template, one.variant, is_detail=True) for one in whole]
    pictures = list(pool.map(draw, whole, chunksize=8))
    details = pool.map(draw, close, chunksize=8)
    widths = [CHANNEL_WIDTHS[row["listing"]] for row in goods]
    channel_files = _channel_files(list(zip(pictures, widths, strict=True)), pool, progress)
    for row, picture, detail, channel_file in zip(goods, pictures, details, channel_files, strict=True):
        product = products[row["sku"]]
        shown = {"file": _store("goods", picture), "channel_file": channel_file, **_words(row)}
        write(Image, {"product": product, "position": 0}, shown, tally=tally)
        write(
            Image,
            {"product": product, "position": 1},
            {"file": _store("goods", detail), **_words(row, True)},
            tally=tally,
        )


def _words(row: dict[str, str], is_detail: bool = False) -> dict[str, object]:
    """Size and description: the title and what the picture shows."""
    english, chinese = row["description_en"].split(". ")[0], row["description_zh"].split("。")[0]
    close = ("close up: ", "细节：") if is_detail else ("", "")
    return {
        "width": GOODS_SIZE,
        "height": GOODS_SIZE,
        "alt_en": f"{row['title_en']}, {close[0]}{english}"[:200],
        "alt_zh": f"{row['title_zh']}，{close[1]}{chinese}"[:200],
    }


def _channel_files(jobs: list[tuple[str, int]], pool: ProcessPoolExecutor, progress: Progress) -> Iterable[str]:
    names = [_name("goods", f"{picture}{width}", "png") for picture, width in jobs]
    missing = [(name, job) for name, job in zip(names, jobs, strict=True) if not default_storage.exists(name)]
    rendered: Iterator[bytes] = pool.map(render, [job for _name, job in missing], chunksize=4)
    for index, ((name, _job), content) in enumerate(zip(missing, rendered, strict=True), start=1):
        default_storage.save(name, ContentFile(content))
        progress(index, len(missing))
    return names


def _store(folder: str, picture: str) -> str:
    name = _name(folder, picture, "svg")
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(picture.encode()))
    return name


def _name(folder: str, content: str, ending: str) -> str:
    """Named after the content and this site's secret: whoever has the source cannot guess the address of a picture."""
    digest = hmac.new(settings.SECRET_KEY.encode(), content.encode(), hashlib.sha256).hexdigest()
    return f"{folder}/{digest[:32]}.{ending}"
