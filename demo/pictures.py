"""Drawing and storing the demo's pictures: SVG for pages, PNG for channels that take no vector art."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from artwork.jobs import Drawing, draw
from catalog.models import Image, Product
from demo.files import read_film, read_goods, read_table
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
CHANNEL_WIDTHS = {"campaign": 1000, "open": 512}

Progress = Callable[[int, int], None]


def load_pictures(progress: Progress) -> Tally:
    """Every film's four pictures and two of every product: the whole, with a PNG of it, and a look from near.

    Draws only files that are not there yet, on all cores.
    """
    tally = Tally()
    films = {row["slug"]: read_film(row) for row in read_table("films")}
    goods = read_goods()
    film_pictures = [Drawing(film, kind) for film in films.values() for kind in SIZES]
    whole = [Drawing(films[row["film"]], row["template"], int(row["art_variant"])) for row in goods]
    near = [Drawing(one.film, one.template, one.variant, is_detail=True) for one in whole]
    rasters = [
        Drawing(one.film, one.template, one.variant, png_width=CHANNEL_WIDTHS[row["listing"]])
        for one, row in zip(whole, goods, strict=True)
    ]
    _make([*film_pictures, *whole, *near, *rasters], progress)
    _write_film_pictures(film_pictures, tally)
    products = {product.sku: product for product in Product.objects.filter(sku__in=[row["sku"] for row in goods])}
    for row, picture, detail, raster in zip(goods, whole, near, rasters, strict=True):
        shown = {"file": _name("goods", picture), "channel_file": _name("goods", raster), **_words(row)}
        write(Image, {"product": products[row["sku"]], "position": 0}, shown, tally=tally)
        shown = {"file": _name("goods", detail), **_words(row, is_detail=True)}
        write(Image, {"product": products[row["sku"]], "position": 1}, shown, tally=tally)
    return tally


def _write_film_pictures(drawings: Iterable[Drawing], tally: Tally) -> None:
    films = {film.slug: film for film in Film.objects.all()}
    for drawing in drawings:
        kind, film = drawing.template, films[drawing.film.slug]
        english, chinese = NAMES[kind]
        values = {
            "file": _name("art", drawing),
            "width": SIZES[kind][0],
            "height": SIZES[kind][1],
            "alt_en": english.format(film=film.title_en),
            "alt_zh": chinese.format(film=film.title_zh),
        }
        write(Artwork, {"film": film, "kind": kind}, values, tally=tally)


def _words(row: dict[str, str], *, is_detail: bool = False) -> dict[str, object]:
    """Size and description: the title and what the picture shows."""
    english, chinese = row["description_en"].split(". ")[0], row["description_zh"].split("。")[0]
    near = ("from near: ", "细节：") if is_detail else ("", "")
    return {
        "width": GOODS_SIZE,
        "height": GOODS_SIZE,
        "alt_en": f"{row['title_en']}, {near[0]}{english}"[:200],
        "alt_zh": f"{row['title_zh']}，{near[1]}{chinese}"[:200],
    }


def _make(drawings: list[Drawing], progress: Progress) -> None:
    """Draw and store what is missing."""
    named = {_name("art" if drawing.variant is None else "goods", drawing): drawing for drawing in drawings}
    missing = {name: drawing for name, drawing in named.items() if not default_storage.exists(name)}
    if not missing:
        return
    # Spawned, not forked: a fork would share this process's database connection.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 4), mp_context=get_context("spawn")) as pool:
        drawn = pool.map(draw, missing.values(), chunksize=8)
        for index, (name, content) in enumerate(zip(missing, drawn, strict=True), start=1):
            default_storage.save(name, ContentFile(content))
            progress(index, len(missing))


def _name(folder: str, drawing: Drawing) -> str:
    """Named after what it holds and this site's secret: whoever has the source cannot guess a picture's address."""
    digest = hmac.new(settings.SECRET_KEY.encode(), drawing.key.encode(), hashlib.sha256).hexdigest()
    return f"{folder}/{digest[:32]}.{'png' if drawing.png_width else 'svg'}"
