"""Pictures of any film: the same bytes each time, words that fit, and nothing that a file may not hold."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from artwork import Film
from artwork.cards import Card, draw_card, film_card
from artwork.films import MOTIFS, PICTURES, picture_of
from artwork.lettering import CHINESE, CREDIT, VOICES, broken, fit, width, writable
from artwork.mockups import MOCKUPS, mockup
from artwork.pictures import mark, poster, render_png, square, wide
from artwork.products import TEMPLATES, product

ROOT = Path(__file__).resolve().parents[2]
FILM = Film(
    slug="night-train",
    title_en="The Night Train to Łódź and Other Stories of the East",
    title_zh="夜行列车",
    year=2024,
    directors=("Ana Ruiz",),
    producers=(),
    palette=("#1B2A41", "#E4572E", "#F3A712", "#A8C686"),
    ground="#1B2A41",
    ink="#F7F2E7",
    voice="wide",
)
GROUND = (0x1B, 0x2A, 0x41)


def pixels(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.fixture(scope="module")
def art() -> bytes:
    """A flat picture of one loud colour, which no goods have of themselves."""
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (255, 0, 255)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("motif", MOTIFS)
def test_a_motif_keeps_out_of_the_words_way(motif):
    film = replace(FILM, motif=motif)

    hero, tall = pixels(render_png(wide(film), 800)), pixels(render_png(poster(film), 400))

    words = hero.crop((0, 0, 800 * 55 // 100 - 1, hero.height))
    assert words.getcolors() == [(words.width * words.height, GROUND)]
    assert len(hero.getcolors(1 << 20)) > 20
    # Below the scene a poster has the ground and its words.
    foot = tall.crop((0, 600 * 77 // 100 + 2, 20, 600))
    assert foot.getcolors() == [(foot.width * foot.height, GROUND)]


@pytest.mark.parametrize("motif", MOTIFS)
def test_a_film_without_a_drawing_of_its_own_gets_every_picture(motif):
    film = replace(FILM, motif=motif)

    drawn = [draw(film) for draw in (poster, wide, square, mark)]
    drawn += [product(film, template) for template in TEMPLATES]

    for picture in drawn:
        root = ElementTree.fromstring(picture)
        names = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(names) == len(set(names))
        assert not [element.tag for element in root.iter() if element.tag.endswith(("}text", "}image", "}script"))]


def test_a_films_name_chooses_its_motif_for_good():
    chosen = {slug: picture_of(replace(FILM, slug=slug)).name for slug in ("a", "b", "c", "d", "e", "f", "g", "h")}

    assert chosen == {slug: picture_of(replace(FILM, slug=slug, title_en="Other")).name for slug in chosen}
    assert len(set(chosen.values())) > 2
    assert picture_of(replace(FILM, slug="moon")) is PICTURES["moon"]
    assert picture_of(replace(FILM, slug="moon", motif="rays")) is MOTIFS["rays"]


def test_two_films_of_one_motif_are_two_pictures():
    assert square(replace(FILM, motif="columns")) != square(replace(FILM, motif="columns", slug="day-train"))


def test_the_same_film_gives_the_same_bytes_in_every_process():
    code = """
import hashlib
from tests.artwork.test_drawing import FILM
from artwork.cards import film_card
from artwork.pictures import poster, wide, render_png
drawn = poster(FILM).encode() + wide(FILM).encode() + film_card(FILM) + render_png(poster(FILM), 100)
print(hashlib.sha256(drawn).hexdigest())
"""
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    here = poster(FILM).encode() + wide(FILM).encode() + film_card(FILM) + render_png(poster(FILM), 100)
    assert runs == {hashlib.sha256(here).hexdigest()}


def test_letters_that_a_face_lacks_are_written_plainly_or_not_at_all():
    assert writable("Łódź", CREDIT).startswith("L")
    assert writable("Ελένη — day", CREDIT) == "— day"
    # Half a title is another one.
    assert writable("摆渡人", CHINESE) == "摆渡人"
    assert writable("摆渡龘", CHINESE) == ""


@pytest.mark.parametrize("voice", VOICES)
def test_a_long_title_is_broken_into_lines_that_fit(voice):
    face = VOICES[voice]

    rows, size = broken(writable(FILM.title_en, face), face, 470, largest=132, most=5)

    assert " ".join(rows) == writable(FILM.title_en, face)
    assert 1 < len(rows) <= 5
    assert max(width(row, face, size) for row in rows) <= 470.01
    # Larger than on one line: that is what it was broken for.
    assert size > fit(FILM.title_en.replace("Ł", "L"), CREDIT, 470) * 0.9
    assert broken("", face, 470, largest=132) == ([], 0.0)


def test_a_share_card_has_its_size_its_ground_and_its_picture(art):
    plain = draw_card(Card("A title", ground="#1B2A41", ink="#F7F2E7"), None)
    goods = draw_card(Card("A title", ("Of a film", "By a maker"), "#1B2A41", "#F7F2E7", is_goods=True), art)

    for content in (plain, goods, film_card(FILM)):
        assert content.startswith(b"\xff\xd8\xff")
        assert pixels(content).size == (1200, 630)
        assert len(content) < 300_000
    near = pixels(plain).getpixel((1190, 10))
    assert max(abs(one - other) for one, other in zip(near, GROUND, strict=True)) < 4
    middle = pixels(goods).getpixel((885, 315))
    assert middle[0] > 240
    assert middle[1] < 20
    assert middle[2] > 240


@pytest.mark.parametrize("title", ["摆渡人", "龘龘", "", "A" * 200, "Word " * 40])
def test_no_title_breaks_a_card(title):
    assert pixels(draw_card(Card(title, (title,)), None)).size == (1200, 630)


@pytest.mark.parametrize("kind", MOCKUPS)
def test_flat_art_is_seen_on_every_kind_of_goods(kind, art):
    first = mockup(kind, art, "image/png", (300, 200), ground="#1B2A41")

    assert first == mockup(kind, art, "image/png", (300, 200), ground="#1B2A41")
    # A frame has its own colours.
    assert (first == mockup(kind, art, "image/png", (300, 200))) is (kind == "print")
    seen = Image.open(io.BytesIO(first)).convert("RGBA")
    assert seen.size == (640, 640)
    assert [seen.getpixel(corner)[3] for corner in ((0, 0), (639, 0), (0, 639), (639, 639))] == [0, 0, 0, 0]
    loud = [count for count, (r, g, b, _a) in seen.getcolors(1 << 20) if r > 200 and g < 60 and b > 200]
    assert sum(loud) > 5_000


def test_the_site_starts_without_what_draws():
    """A drawing is asked for now and then; a start and a page of goods are not kept waiting for fonts and a renderer."""
    code = """
import sys, django
django.setup()
import django.urls
django.urls.get_resolver().url_patterns
print(sorted({"uharfbuzz", "fontTools", "resvg_py"} & set(sys.modules)), "merchstore.storefront.views" in sys.modules)
"""
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings"} | {
        name: value for name, value in os.environ.items() if name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PATH")
    }
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True, text=True
    )

    assert said.stdout.split("\n")[0] == "[] True"
