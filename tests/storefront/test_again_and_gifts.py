"""Ordering the same again, and a message that goes with a gift."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Price, Product, Variant
from orders.links import order_path
from orders.models import Basket, BasketLine, Order
from tests import factories
from tests.orders.conftest import sells
from tests.storefront.test_checkout import _sandbox, add, cashier_key, fill, market, order, product, variant  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(client: Client, variant: Variant) -> Order:  # noqa: F811
    add(client, variant, 2)
    order(client)
    return Order.objects.select_related("market").get()


def again(client: Client, placed: Order) -> Any:
    return client.post(f"{order_path(placed)}again/")


def pieces() -> list[tuple[int, int, int]]:
    return list(BasketLine.objects.order_by("pk").values_list("variant_id", "quantity", "seen_amount"))


def test_the_same_again_at_today_s_price_and_a_second_click_changes_nothing(
    client: Client,
    placed: Order,
    variant: Variant,  # noqa: F811
) -> None:
    Price.objects.update(amount=4100)
    assert "Order the same again" in client.get(order_path(placed)).content.decode()

    answer = again(client, placed)
    again(client, placed)

    assert (answer.status_code, answer["Location"].startswith("/us/en/basket/?again=ord_")) == (303, True)
    assert pieces() == [(variant.pk, 2, 4100)]
    page = client.get(answer["Location"]).content.decode()
    assert ("$82.00" in page, "Not everything" in page) == (True, False)


def test_what_is_in_the_basket_already_stays(client: Client, placed: Order, variant: Variant) -> None:  # noqa: F811
    add(client, variant, 5)

    again(client, placed)

    assert pieces() == [(variant.pk, 5, 3800)]


def test_who_has_the_order_s_address_fills_their_own_basket(client: Client, placed: Order, variant: Variant) -> None:  # noqa: F811
    guest = Client()

    again(guest, placed)

    assert "Ferry mug" in guest.get("/us/en/basket/").content.decode()
    assert "Ferry mug" not in client.get("/us/en/basket/").content.decode()
    assert Basket.objects.get(lines__variant=variant).country == "US"


def test_what_may_not_be_sold_is_left_out_and_said(client: Client, variant: Variant, market: Any) -> None:  # noqa: F811
    gone = factories.make_product(title_en="Paper boat")
    sells(gone, market)
    add(client, variant, 1)
    add(client, gone.variants.get(), 1)
    order(client)
    placed = Order.objects.select_related("market").get()
    gone.licence.grants.update(excluded_countries=["US"])

    page = client.get(again(client, placed)["Location"]).content.decode()

    assert pieces() == [(variant.pk, 1, 3800)]
    assert "Not everything could be put in again" in page
    assert "<li>Paper boat</li>" in page
    assert "Not everything" not in client.get("/us/en/basket/?again=ord_1.x").content.decode()


def test_looking_puts_nothing_in_and_another_site_may_not(client: Client, placed: Order) -> None:
    path = f"{order_path(placed)}again/"

    assert client.get(path).status_code == 303
    assert client.post(path, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert client.post("/us/en/orders/ord_1.xyz/again/").status_code == 404
    assert pieces() == []


def test_an_order_of_four_things_asks_as_much_as_one_of_two(client: Client, market: Any) -> None:  # noqa: F811
    counts = []
    for number in (2, 4):
        for _time in range(number):
            goods: Product = factories.make_product()
            sells(goods, market)
            add(client, goods.variants.get(), 1)
        order(client)
        placed = Order.objects.select_related("market").latest("pk")
        again(client, placed)
        BasketLine.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            again(client, placed)
        BasketLine.objects.all().delete()
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_message_goes_with_the_order_as_it_was_written(client: Client, variant: Variant) -> None:  # noqa: F811
    add(client, variant)

    order(client, gift_message="  Happy birthday,\r\nLin\x00\x07 <b>and</b> 你好  ")

    placed = Order.objects.select_related("market").get()
    assert placed.gift_message == "Happy birthday,\nLin <b>and</b> 你好"
    page = client.get(order_path(placed)).content.decode()
    assert "Happy birthday,<br>Lin &lt;b&gt;and&lt;/b&gt; 你好" in page


@pytest.mark.parametrize(("signs", "status"), [(300, 303), (301, 422)])
def test_a_message_is_no_longer_than_a_slip(client: Client, variant: Variant, signs: int, status: int) -> None:  # noqa: F811
    add(client, variant)

    answer = order(client, gift_message="好" * signs)

    assert answer.status_code == status
    assert Order.objects.count() == (status == 303)
    if status == 422:
        page = answer.content.decode()
        assert "This is longer than 300 letters." in page
        assert "好" * 301 in page


def test_without_a_message_nothing_is_said_of_one(client: Client, placed: Order) -> None:
    assert placed.gift_message == ""
    assert "Gift message" not in client.get(order_path(placed)).content.decode()
