"""Write every picture of the demo as a file, and one contact sheet to look at: `python -m demo.artwork OUT_FOLDER`."""

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from . import load_films, mark, poster, product, render_png, square, wide
from .film import DATA, Film

ROW, GAP, PAPER = 220, 12, "#EFEEE9"


def pictures(film: Film, goods: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """(file name, SVG) of the film's four pictures and of its goods."""
    for name, draw in (("poster", poster), ("wide", wide), ("square", square), ("mark", mark)):
        yield f"{film.slug}-{name}", draw(film)
    for row in goods:
        template, variant = row["template"], int(row["art_variant"])
        yield f"{film.slug}-{template}-{variant}", product(film, template, variant=variant)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (DATA / "products.csv").open(encoding="utf-8", newline="") as file:
        goods = list(csv.DictReader(file))
    rows: list[list[Image.Image]] = []
    for film in load_films():
        row = []
        for name, picture in pictures(film, [g for g in goods if g["film"] == film.slug]):
            (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
            row.append(_thumbnail(picture))
        rows.append(row)
        sys.stdout.write(f"{film.title_en}: {len(row)} pictures\n")
    _sheet(rows).save(folder / "contact-sheet.png")
    sys.stdout.write(f"{folder / 'contact-sheet.png'}\n")
    return 0


def _thumbnail(picture: str) -> Image.Image:
    image = Image.open(io.BytesIO(render_png(picture, 480))).convert("RGBA")
    return image.resize((round(image.width * ROW / image.height), ROW), Image.Resampling.LANCZOS)


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """One row per film, all pictures of one height."""
    width = max(sum(image.width + GAP for image in row) for row in rows) + GAP
    sheet = Image.new("RGB", (width, len(rows) * (ROW + GAP) + GAP), PAPER)
    for index, row in enumerate(rows):
        x = GAP
        for image in row:
            sheet.paste(image, (x, GAP + index * (ROW + GAP)), image)
            x += image.width + GAP
    return sheet


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
