"""The demo's pictures: the same each time, safe to serve, sized as the pages expect, and out of the words' way."""

import io
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from artwork import lettering
from artwork import pictures as drawn
from artwork.pictures import render_png, wide
from artwork.products import TEMPLATES, detail, product
from demo.files import load_films, read_goods

FILMS = load_films()
FERRYMAN = FILMS[0]
ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
FORBIDDEN = {f"{SVG}{name}" for name in ("text", "script", "style", "image", "foreignObject", "animate", "a")}
KINDS = {"poster": (800, 1200), "wide": (1600, 736), "square": (800, 800), "mark": (200, 200)}


def pictures_of(film):
    """Every picture that the demo draws of a film."""
    for kind in KINDS:
        yield kind, getattr(drawn, kind)(film)
    for row in read_goods():
        if row["film"] == film.slug:
            variant = int(row["art_variant"])
            yield f"{row['template']}-{variant}", product(film, row["template"], variant=variant)
            yield f"{row['template']}-{variant}-near", detail(film, row["template"], variant=variant)


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.slug)
def test_pictures_hold_shapes_only(film):
    ids = []
    for name, picture in pictures_of(film):
        root = ElementTree.fromstring(picture)
        names = [element.get("id") for element in root.iter() if element.get("id")]
        attributes = {key for element in root.iter() for key in element.attrib}

        assert not {element.tag for element in root.iter()} & FORBIDDEN, name
        assert not {key for key in attributes if key.startswith("on") or key == "style"}, name
        assert [
            value for value in re.findall(r'(?:href|xlink:href)="([^"]*)"', picture) if not value.startswith("#")
        ] == []
        assert set(re.findall(r"url\(#([^)]*)\)", picture)) <= set(names), name
        assert [one for one in names if not one.startswith(film.slug)] == [], name
        ids += names
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.slug)
def test_film_pictures_have_their_size(film, kind):
    width, height = KINDS[kind]

    root = ElementTree.fromstring(getattr(drawn, kind)(film))

    assert (root.get("width"), root.get("height")) == (str(width), str(height))
    assert root.get("viewBox") == f"0 0 {width} {height}"


def test_another_process_draws_the_same_pictures():
    code = """
import hashlib
from artwork.pictures import poster, wide
from artwork.products import TEMPLATES, product
from demo.files import load_films
films = load_films()
pictures = [wide(film) + poster(film) for film in films] + [product(films[0], template) for template in TEMPLATES]
print(hashlib.sha256("".join(pictures).encode()).hexdigest())
"""
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(runs) == 1
    assert len(runs.pop().strip()) == 64


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.slug)
def test_the_heros_words_stand_on_plain_ground(film):
    picture = Image.open(io.BytesIO(render_png(wide(film), 800))).convert("RGB")
    ground = tuple(int(film.ground[i : i + 2], 16) for i in (1, 3, 5))
    limit = 800 * 55 // 100

    left = picture.crop((0, 0, limit - 1, picture.height))
    right = picture.crop((limit, 0, 800, picture.height))

    assert left.getcolors() == [(left.width * left.height, ground)]
    assert len(right.getcolors(1 << 20)) > 20


@pytest.mark.parametrize("template", TEMPLATES)
def test_goods_have_a_clear_ground_and_variants_differ(template):
    drawn = [product(FERRYMAN, template, variant=variant) for variant in (0, 1)]
    first, second = (Image.open(io.BytesIO(render_png(picture, 200))).convert("RGBA") for picture in drawn)

    assert first.size == (200, 200)
    assert [first.getpixel(corner)[3] for corner in ((0, 0), (199, 0), (0, 199), (199, 199))] == [0, 0, 0, 0]
    assert first.tobytes() != second.tobytes()


def test_a_title_the_fonts_cannot_write_is_named():
    with pytest.raises(ValueError, match="龘"):
        lettering.line("龘", 0, 0, 20, lettering.CHINESE, "#000")
