"""Flat art on goods in the panel: seen at once, kept nowhere, and only what may be unfolded is."""

import base64
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow

from catalog.models import Image, Product
from merchants.models import Merchant
from merchstore.panel import mockups
from tests.factories import make_market, make_product

pytestmark = pytest.mark.django_db

LOUD = (255, 0, 255)


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mug(merchant: Merchant) -> Product:
    make_market()
    return make_product(licence=merchant.licences.get(), slug="mug", title_en="Ferry mug")


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 300)) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", size, LOUD).save(out, kind)
    return out.getvalue()


def address(merchant: Merchant, product: Product) -> str:
    return f"/panel/en/{merchant.slug}/products/{product.public_id}/mockups/"


def seen(html: str) -> list[Pillow.Image]:
    found = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    return [Pillow.open(io.BytesIO(base64.b64decode(one))).convert("RGBA") for one in found]


def is_printed(picture: Pillow.Image) -> bool:
    return sum(count for count, (r, g, b, _a) in picture.getcolors(1 << 20) if r > 190 and g < 90 and b > 190) > 4_000


def test_a_new_picture_is_seen_on_every_kind_of_goods_and_kept_nowhere(owner: Client, merchant: Merchant, mug: Product):
    file = SimpleUploadedFile("art.png", picture())

    answer = owner.post(address(merchant, mug), {"file": file, "ground": "#F4EDDC"})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert len(seen(html)) == 7
    assert [is_printed(one) for one in seen(html)] == [True] * 7
    assert 'alt="Your picture on: T-shirt"' in html
    assert mug.images.count() == 0
    assert default_storage.listdir("") == ([], [])


def test_a_picture_that_the_product_has_is_printed_too(owner: Client, merchant: Merchant, mug: Product):
    default_storage.save("goods/a.png", ContentFile(picture()))
    own = Image.objects.create(product=mug, file="goods/a.png", width=400, height=300, state=Image.State.READY)
    drawn = Image.objects.create(product=mug, file="goods/a.svg", width=400, height=300, state=Image.State.READY)

    form = owner.get(address(merchant, mug)).content.decode()
    html = owner.post(address(merchant, mug), {"image": own.public_id, "ground": "#F4EDDC"}).content.decode()

    assert own.public_id in form
    assert drawn.public_id not in form
    assert [is_printed(one) for one in seen(html)] == [True] * 7


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a picture."),
        ({"file": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, "whatever its name says"),
        ({"file": b"\x89PNG\r\n\x1a\n broken"}, "picture"),
        ({"image": "img_of_somebody_else"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_printed_is_said(owner: Client, merchant: Merchant, mug: Product, sent, sentence):
    if "file" in sent:
        sent = {"file": SimpleUploadedFile("art.png", sent["file"])}

    answer = owner.post(address(merchant, mug), {**sent, "ground": "#F4EDDC"})

    assert answer.status_code == 422
    assert sentence in re.sub(r"\s+", " ", answer.content.decode())
    assert seen(answer.content.decode()) == []


def test_a_merchant_draws_no_more_than_its_share(owner: Client, merchant: Merchant, mug: Product, monkeypatch):
    monkeypatch.setattr(mockups, "MOST", 0)

    answer = owner.post(address(merchant, mug), {"file": SimpleUploadedFile("art.png", picture()), "ground": "#F4EDDC"})

    assert answer.status_code == 422
    assert "too often" in answer.content.decode()


def test_others_find_nothing_and_readers_are_told(reader: Client, rival: Client, merchant: Merchant, mug: Product):
    assert rival.get(address(merchant, mug)).status_code == 404
    assert reader.get(address(merchant, mug)).status_code == 403
