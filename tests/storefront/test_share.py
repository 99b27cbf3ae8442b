"""Share cards: what other sites show of a page, drawn once, and never of what may not be known."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from catalog.images.services import sweep
from core.media import SHARE_CARDS
from films.models import Embargo
from merchstore.storefront import share
from tests.factories import NOW
from tests.storefront.conftest import DAY, make_shop

pytestmark = pytest.mark.django_db

CARDS = {"films": "film-0", "goods": "mug-0", "campaigns": "campaign-0"}


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def read(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("kind", CARDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_names_its_card_and_the_card_is_there(get, settings, kind, language):
    make_shop()
    way = {"films": "films/film-0/", "goods": "goods/p/mug-0/", "campaigns": "campaigns/campaign-0/"}[kind]
    address = f"/us/{language}/share/{kind}/{CARDS[kind]}.jpg"

    html = get(f"/us/{language}/{way}").content.decode()
    card = get(address)

    assert f'<meta property="og:image" content="{settings.SITE_URL}{address}">' in html
    assert '<meta property="og:image:width" content="1200">' in html
    assert card["Content-Type"] == "image/jpeg"
    assert card["Cache-Control"] == "public, max-age=3600"
    assert Pillow.open(io.BytesIO(read(card))).size == (1200, 630)


def test_a_card_is_drawn_once(get, monkeypatch):
    make_shop()
    first = read(get("/us/en/share/films/film-0.jpg"))
    monkeypatch.setattr(share, "draw_card", lambda *_: pytest.fail("drawn again"))

    assert read(get("/us/en/share/films/film-0.jpg")) == first
    assert len(default_storage.listdir(SHARE_CARDS)[0]) == 1


def test_what_may_not_be_known_has_no_card_and_art_under_embargo_is_not_on_it(get, monkeypatch):
    film = make_shop().film
    default_storage.save("art/film-0-wide.svg", ContentFile(b"<svg xmlns='http://www.w3.org/2000/svg'/>"))
    drawn = []
    monkeypatch.setattr(share, "draw_card", lambda card, picture: drawn.append(picture) or b"\xff\xd8\xff")

    read(get("/us/en/share/films/film-0.jpg"))
    logo = Embargo.objects.create(film=film, tier="logo", country="US", lifts_at=NOW + DAY)
    read(get("/us/en/share/films/film-0.jpg"))
    logo.tier = "title"
    logo.save()
    hidden = get("/us/en/share/films/film-0.jpg")

    assert [picture is not None for picture in drawn] == [True, False]
    assert hidden.status_code == 404
    assert get("/us/en/share/films/nobody.jpg").status_code == 404
    assert get("/us/en/share/goods/nobody.jpg").status_code == 404
    assert get("/us/en/share/campaigns/nobody.jpg").status_code == 404


def test_who_has_too_many_drawn_gets_the_shops_own_picture(get, monkeypatch):
    make_shop(3)
    monkeypatch.setattr(share, "MOST_DRAWN", 1)
    monkeypatch.setattr(share, "draw_card", lambda *_: b"\xff\xd8\xff")

    assert read(get("/us/en/share/films/film-0.jpg")) == b"\xff\xd8\xff"
    turned = get("/us/en/share/films/film-1.jpg")
    assert turned.status_code == 302
    assert turned["Location"].endswith("share.png")
    # What is drawn already costs nothing.
    assert read(get("/us/en/share/films/film-0.jpg")) == b"\xff\xd8\xff"


def test_the_sweep_takes_cards_after_a_month(get, clock):
    make_shop()
    read(get("/us/en/share/films/film-0.jpg"))
    [folder] = default_storage.listdir(SHARE_CARDS)[0]
    [name] = default_storage.listdir(f"{SHARE_CARDS}/{folder}")[1]
    drawn_at = default_storage.get_modified_time(f"{SHARE_CARDS}/{folder}/{name}")

    # What other tests have left among the uploads is swept as well, so nothing is counted.
    sweep(at=drawn_at + timedelta(days=29))
    assert default_storage.exists(f"{SHARE_CARDS}/{folder}/{name}")
    assert sweep(at=drawn_at + timedelta(days=31)) >= 1
    assert not default_storage.exists(f"{SHARE_CARDS}/{folder}/{name}")
