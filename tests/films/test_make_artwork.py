"""`manage.py make_artwork`: hangs what a film lacks, draws nothing over, and writes the same files again."""

from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from films.models import Artwork, Credit, Film
from tests import factories

pytestmark = pytest.mark.django_db

PALETTE = ["#1B2A41", "#E4572E", "#F3A712", "#A8C686"]


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def make(*arguments: str) -> str:
    said = StringIO()
    call_command("make_artwork", *arguments, stdout=said)
    return said.getvalue()


def hung(film: Film) -> dict[str, str]:
    return {artwork.kind: artwork.file.name for artwork in film.artworks.all()}


def test_a_film_gets_what_it_lacks_and_nothing_is_drawn_over():
    film = factories.make_film("night-train", palette=PALETTE, ground="#1B2A41", ink="#F7F2E7")
    Credit.objects.create(film=film, role=Credit.Role.DIRECTOR, name_en="Ana Ruiz")
    Artwork.objects.create(film=film, kind="poster", file="art/own.svg", width=800, height=1200, reveals="plot")
    other = factories.make_film("day-train")

    assert make("night-train") == "night-train: 3\n"

    pictures = hung(film)
    assert pictures.keys() == {"poster", "wide", "square", "mark"}
    assert pictures["poster"] == "art/own.svg"
    assert all(default_storage.exists(pictures[kind]) for kind in ("wide", "square", "mark"))
    with default_storage.open(pictures["square"]) as square:
        assert b"#E4572E" in square.read()
    assert hung(other) == {}
    assert AuditEntry.objects.filter(verb="film.artwork_hung").count() == 3
    # Nothing is left to do; the second time draws and writes nothing.
    assert make("night-train") == "night-train: 0\n"
    assert hung(film) == pictures


def test_again_replaces_what_hangs_and_keeps_what_it_reveals():
    film = factories.make_film("night-train", palette=PALETTE)
    Artwork.objects.create(film=film, kind="poster", file="art/own.svg", width=800, height=1200, reveals="plot")

    make("night-train", "--again", "--motif", "rays")
    first = hung(film)
    make("night-train", "--again", "--motif", "rays")

    assert hung(film) == first
    assert first["poster"] != "art/own.svg"
    assert film.artworks.get(kind="poster").reveals == "plot"
    make("night-train", "--again", "--motif", "discs")
    assert hung(film)["poster"] != first["poster"]


def test_a_folder_gets_the_same_files_each_time_and_the_shop_stays_as_it_is(tmp_path):
    film = factories.make_film("night-train", palette=PALETTE)

    make("--into", str(tmp_path / "one"))
    make("--into", str(tmp_path / "two"))

    one = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert one == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert len(one) == 4 + 8 + 1
    assert one["night-train-card.jpg"].startswith(b"\xff\xd8\xff")
    assert hung(film) == {}


def test_a_film_that_is_not_there_is_named():
    factories.make_film("night-train")

    with pytest.raises(CommandError, match="no such film: nobody"):
        make("night-train", "nobody")
    assert Artwork.objects.count() == 0
