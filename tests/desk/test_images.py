"""Pictures at the desk: added by file or address, with their state and, where refused, the reason in words."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from catalog.images.services import process_waiting
from catalog.models import Image, Product
from tests.catalog.pictures import plain, png_claiming
from tests.factories import make_product

pytestmark = pytest.mark.django_db


def page(row: Product | Image) -> str:
    return reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk])


def verb(row: Product | Image, code: str) -> str:
    return reverse(f"admin:catalog_{row._meta.model_name}_verb", args=[row.pk, code])


def test_a_file_is_added_looked_at_and_shown(desk: Client) -> None:
    product = make_product()
    files = [
        SimpleUploadedFile("mug.exe", plain(), "text/html"),
        SimpleUploadedFile("mug.png", png_claiming(90_000, 90_000)),
    ]

    asked = desk.get(verb(product, "add-picture")).content.decode()
    answers = [desk.post(verb(product, "add-picture"), {"file": file, "alt_en": "A mug"}) for file in files]

    assert 'enctype="multipart/form-data"' in asked
    assert [answer.status_code for answer in answers] == [302, 302]
    assert list(Image.objects.values_list("state", "alt_en")) == [("waiting", "A mug"), ("waiting", "A mug")]
    process_waiting(at=timezone.now())
    shown = desk.get(page(product)).content.decode()
    [ready, refused] = Image.objects.all()
    assert re.search(r'<img src="/media/goods/../\w{64}\.1-400\.jpg" alt="A mug" width="60" height="45">', shown)
    assert "The picture has too many pixels." in shown
    assert (ready.state, refused.state) == ("ready", "refused")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Give a file or an address."),
        ({"file": b"<svg/>"}, "This is no JPEG, PNG, WebP, AVIF or GIF picture, whatever its name says."),
        ({"file": b"\xff\xd8\xff" + bytes(20 * 1024 * 1024)}, "A picture may have 20 MB at most."),
        ({"file": plain(), "source": "https://pictures.example/1.jpg"}, "Give a file or an address."),
        ({"source": "ftp://pictures.example/1.jpg"}, "Pictures are fetched from public web addresses only"),
    ],
    ids=["nothing", "svg", "too-large", "both", "ftp"],
)
def test_what_cannot_be_added_is_answered_in_words(desk: Client, given: dict, sentence: str) -> None:
    product = make_product()
    if "file" in given:
        given = given | {"file": SimpleUploadedFile("picture.jpg", given["file"])}

    answer = desk.post(verb(product, "add-picture"), given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Image.objects.exists()


def test_a_refused_picture_is_tried_again_or_removed(desk: Client) -> None:
    product = make_product()
    image = Image.objects.create(
        product=product, state="refused", refusal="address_unanswered", source="https://pictures.example/1.jpg"
    )

    with translation.override("zh-hans"):
        assert "没有" in image.refusal_sentence
    assert verb(image, "retry") in desk.get(page(image)).content.decode()
    desk.post(verb(image, "retry"))
    image = Image.objects.get()
    assert (image.state, image.refusal, image.attempts) == ("waiting", "", 0)
    assert verb(image, "retry") not in desk.get(page(image)).content.decode()
    assert desk.post(verb(image, "retry")).status_code == 422
    desk.post(verb(image, "remove"))
    assert not Image.objects.exists()


def test_a_reader_adds_nothing(reader_desk: Client) -> None:
    product = make_product()

    answer = reader_desk.post(verb(product, "add-picture"), {"source": "https://pictures.example/1.jpg"})

    assert answer.status_code == 403
    assert not Image.objects.exists()
