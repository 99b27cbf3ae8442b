"""Addresses that members keep: in the account, at the checkout, and never anybody else's."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import Market, Product
from fans.addresses import MOST, keep_address
from fans.models import Address
from orders.models import Order
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import ADDRESS, refused
from tests.storefront.test_checkout import _sandbox, add, cashier_key, fill  # noqa: F401

pytestmark = pytest.mark.django_db
HOME = "/us/en/account/addresses/"
STORED = ADDRESS | {"city_area": ""}
FORM = {name: value for name, value in ADDRESS.items() if name != "country_code"} | {"country": "US", "phone": ""}


def kept(user: User, name: str = "Lin Wei", **changes: Any) -> Address:
    told = {"country": "US", "address": ADDRESS | {"name": name}, "phone": "", "at": NOW} | changes
    return keep_address(user, **told)


def firsts(user: User) -> list[tuple[str, bool]]:
    return [(row.address["name"], row.is_first) for row in user.addresses.order_by("pk")]


def test_the_first_one_comes_first_until_another_does(fan: User) -> None:
    kept(fan)
    kept(fan, "Ming")
    kept(fan, "Mum", is_first=True)
    kept(fan, "Ming")

    assert firsts(fan) == [("Lin Wei", False), ("Ming", False), ("Mum", True)]


def test_no_more_than_a_person_needs(fan: User) -> None:
    for number in range(MOST):
        kept(fan, f"Friend {number}")

    with refused("too_many_addresses"):
        kept(fan, "One more")

    assert (fan.addresses.count(), kept(fan, "Friend 3").address["name"]) == (MOST, "Friend 3")


def test_an_address_is_added_changed_put_first_and_removed(fans_client: Client, fan: User) -> None:
    assert "No address is kept yet" in fans_client.get(HOME).content.decode()
    added = fans_client.post(HOME + "new/", FORM | {"postal_code": "10002"})
    fans_client.post(HOME + "new/", FORM | {"name": "Mum"})
    mum = fan.addresses.get(is_first=False)
    page = fans_client.get(HOME).content.decode()

    changed = fans_client.post(f"{HOME}{mum.public_id}/", FORM | {"name": "Mother", "phone": "+1 212 555 0100"})
    fans_client.post(f"{HOME}{mum.public_id}/", {"first": "1"})

    assert (added.status_code, added["Location"], changed.status_code) == (303, HOME, 303)
    assert [name in page for name in ("Lin Wei", "Mum", "United States")] == [True] * 3
    assert firsts(fan) == [("Lin Wei", False), ("Mother", True)]
    assert fan.addresses.get(is_first=True).phone == "+1 212 555 0100"
    fans_client.post(f"{HOME}{mum.public_id}/", {"remove": "1"})
    assert firsts(fan) == [("Lin Wei", True)]


@pytest.mark.parametrize("wrong, sentence", [
    ({"postal_code": "1"}, "Write it like"),
    ({"name": ""}, "Write the name of the person"),
    ({"phone": "call me"}, "Write digits"),
    ({"country": "XX"}, "We do not send to this country"),
    ({"street_address": "x" * 200}, "This is longer than 120"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    fans_client: Client, fan: User, wrong: dict[str, str], sentence: str
) -> None:
    answer = fans_client.post(HOME + "new/", FORM | {"city": "New <York>"} | wrong)

    page = answer.content.decode()
    assert (answer.status_code, sentence in page, "New &lt;York&gt;" in page) == (422, True, True)
    assert not fan.addresses.exists()


def test_another_member_s_address_is_not_there(rivals_client: Client, fan: User, rival: User) -> None:
    mine = kept(fan)
    before = Address.objects.values().get()

    answers = [
        rivals_client.get(f"{HOME}{mine.public_id}/").status_code,
        *(
            rivals_client.post(f"{HOME}{mine.public_id}/", said).status_code
            for said in (FORM | {"name": "Rival"}, {"remove": "1"}, {"first": "1"}, {"show": "1"})
        ),
        Client().get(f"{HOME}{mine.public_id}/").status_code,
    ]

    assert answers == [404] * 5 + [302]
    assert Address.objects.values().get() == before
    assert "Lin Wei" not in rivals_client.get(HOME).content.decode()


def test_a_list_of_three_asks_as_much_as_one_of_one(fans_client: Client, fan: User) -> None:
    fans_client.get(HOME)
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            kept(fan, name)
        with CaptureQueriesContext(connection) as asked:
            fans_client.get(HOME)
        counts.append(len(asked))

    assert counts[0] == counts[1]


@pytest.fixture
def shopping(fans_client: Client, product: Product) -> Client:
    add(fans_client, product.variants.get())
    return fans_client


def test_the_checkout_fills_in_the_first_one_and_another_when_asked(shopping: Client, fan: User) -> None:
    kept(fan)
    mum = kept(fan, "Mum", phone="+1 212 555 0100")

    page = shopping.get("/us/en/checkout/").content.decode()
    asked = shopping.post("/us/en/checkout/", fill(shopping, saved=mum.public_id, saved_was="", show="1", name="X"))
    empty = shopping.post("/us/en/checkout/", fill(shopping, saved="", saved_was=mum.public_id, show="1"))

    assert ('value="Lin Wei"' in page, 'value="10002"' in page) == (True, True)
    chosen = asked.content.decode()
    assert ('value="Mum"' in chosen, 'value="+1 212 555 0100"' in chosen, 'value="X"' in chosen) == (True, True, False)
    assert 'value="wei@example.com"' in chosen
    assert 'value="10002"' not in empty.content.decode()
    typed = shopping.post(
        "/us/en/checkout/", fill(shopping, saved=mum.public_id, saved_was=mum.public_id, show="1", name="X")
    )
    assert 'value="X"' in typed.content.decode()
    assert not Order.objects.exists()


def test_the_checkout_keeps_an_address_when_asked_and_once(shopping: Client, fan: User, product: Product) -> None:
    shopping.post("/us/en/checkout/", fill(shopping))
    assert not fan.addresses.exists()
    for _time in range(2):
        add(shopping, product.variants.get())
        assert shopping.post("/us/en/checkout/", fill(shopping, keep="1", phone="")).status_code == 303

    assert [(row.address, row.is_first) for row in fan.addresses.all()] == [(STORED, True)]


def test_the_checkout_of_another_member_knows_no_address_of_mine(
    rivals_client: Client, fan: User, product: Product
) -> None:
    mine = kept(fan)
    add(rivals_client, product.variants.get())

    page = rivals_client.get("/us/en/checkout/").content.decode()
    answer = rivals_client.post("/us/en/checkout/", fill(rivals_client, saved=mine.public_id, show="1"))

    assert (mine.public_id in page, answer.status_code) == (False, 404)
    guest = Client()
    add(guest, product.variants.get())
    assert guest.post("/us/en/checkout/", fill(guest, saved=mine.public_id, show="1")).status_code == 404


def test_an_address_elsewhere_is_not_offered_where_nothing_is_sent_to_it(shopping: Client, fan: User) -> None:
    there = kept(fan, country="CN", address={"name": "Ming", "country_code": "CN", "city": "Shanghai"})

    page = shopping.get("/us/en/checkout/").content.decode()

    assert there.public_id not in page
    assert shopping.get(f"{HOME}{there.public_id}/").status_code == 200


def test_a_market_s_countries_are_offered(fans_client: Client, market: Market) -> None:
    factories.make_market("eu")

    page = fans_client.get("/eu/zh/account/addresses/new/").content.decode()

    assert 'value="DE"' in page
    shown = fans_client.post("/eu/en/account/addresses/new/", {"country": "DE", "show": "1", "name": "Anna"})
    assert ("Postal code" in shown.content.decode(), 'value="Anna"' in shown.content.decode()) == (True, True)
