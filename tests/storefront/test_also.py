"""What else may please: bought together with it, on everybody's page; and looked at before, in a part of its own."""

import pytest
from django.test import Client

from catalog.models import Product
from insights.models import Companion
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"hx-request": "true"}


@pytest.fixture
def goods() -> list[Product]:
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    return [factories.make_product(licence=licence, slug=slug, title_en=slug.title()) for slug in ("mug", "tee", "bag")]


def also(client: Client, slug: str, **headers: str) -> str:
    response = client.get(f"/us/en/goods/p/{slug}/also/", headers=HTMX | headers)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def test_companions_are_shown_unless_they_left_the_shelf(client: Client, goods: list[Product]) -> None:
    mug, tee, bag = goods
    Companion.objects.bulk_create(
        [Companion(product=mug, other=tee, orders=3), Companion(product=mug, other=bag, orders=9)]
    )
    bag.spans.all().delete()

    said = client.get("/us/en/goods/p/mug/").content.decode()

    assert "Bought together" in said
    # Once: it is of the same film too.
    assert said.count('<h3 class="card-name"><a href="/us/en/goods/p/tee/">') == 1
    assert "/us/en/goods/p/bag/" not in said


def test_what_was_looked_at_is_kept_in_the_browser_the_latest_first(client: Client, goods: list[Product]) -> None:
    for slug in ("tee", "bag", "tee"):
        also(client, slug)
    said = also(client, "mug")

    assert "<html" not in said
    assert said.index("/goods/p/tee/") < said.index("/goods/p/bag/")
    assert "/goods/p/mug/" not in said
    cookie = client.cookies["seen"]
    names = [goods[place].public_id for place in (0, 1, 2)]
    assert cookie.value == ".".join(names)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize(
    "value", ["1.2.3", "prd_x..prd_y", "prd_" + "x" * 5_000, "'; drop", "prd_x." * 13 + "prd_x", "prd_gone"]
)
def test_a_cookie_that_is_not_ours_says_nothing(client: Client, goods: list[Product], value: str) -> None:
    client.cookies["seen"] = value

    assert "You looked at" not in also(client, "mug")


def test_without_a_script_there_is_a_page(client: Client, goods: list[Product]) -> None:
    page = client.get("/us/en/goods/p/mug/").content.decode()
    assert 'href="/us/en/goods/p/mug/also/"' in page

    said = client.get("/us/en/goods/p/mug/also/").content.decode()
    assert "<html" in said
    assert "Nothing yet" in said


def test_the_kept_page_sets_no_cookie_and_what_is_not_on_the_shelf_is_not_found(
    client: Client, goods: list[Product]
) -> None:
    assert not client.get("/us/en/goods/p/mug/").cookies
    goods[0].spans.all().delete()

    assert client.get("/us/en/goods/p/mug/also/", headers=HTMX).status_code == 404


def test_the_basket_shows_what_goes_with_what_is_in_it(client: Client, goods: list[Product]) -> None:
    mug, tee, _bag = goods
    Companion.objects.create(product=mug, other=tee, orders=3)
    client.post("/us/en/basket/add/", {"v": mug.variants.get().public_id})

    assert "Bought together" in client.get("/us/en/basket/").content.decode()
    client.post("/us/en/basket/add/", {"v": tee.variants.get().public_id})
    assert "Bought together" not in client.get("/us/en/basket/").content.decode()
