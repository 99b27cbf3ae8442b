"""Baskets: bounded, merged once, and thrown away when nobody comes back."""

from datetime import timedelta

import pytest

from catalog.models import Market, Product, Variant
from orders import baskets
from orders.baskets import add_pieces, find_basket, open_basket, prune_baskets, set_country, set_pieces
from orders.models import Basket
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import refused

pytestmark = pytest.mark.django_db


def guest(market: Market, token: str = "a token") -> Basket:
    return open_basket(market, token=token, user=None, at=NOW)


def pieces(basket: Basket) -> list[tuple[int, int]]:
    return list(basket.lines.values_list("variant", "quantity"))


def test_pieces_of_one_thing_are_one_line(market: Market, variant: Variant) -> None:
    basket = guest(market)
    for quantity in (2, 3):
        add_pieces(basket, variant, quantity, seen_amount=3800, at=NOW)
    assert pieces(basket) == [(variant.pk, 5)]

    set_pieces(basket, variant, 1, at=NOW)
    assert pieces(basket) == [(variant.pk, 1)]
    set_pieces(basket, variant, 0, at=NOW)
    assert pieces(basket) == []


def test_a_basket_is_no_warehouse(market: Market, variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    basket = guest(market)
    add_pieces(basket, variant, 99, seen_amount=1, at=NOW)
    monkeypatch.setattr(baskets, "MOST_LINES", 1)

    with refused("too_many_in_basket"):
        add_pieces(basket, variant, 1, seen_amount=1, at=NOW)
    with refused("too_many_in_basket"):
        set_pieces(basket, variant, 100, at=NOW)
    with refused("too_many_lines"):
        add_pieces(basket, factories.make_product().variants.get(), 1, seen_amount=1, at=NOW)
    with refused("country_elsewhere"):
        set_country(basket, "CN", at=NOW)

    assert pieces(basket) == [(variant.pk, 99)]


def test_what_a_browser_held_is_its_member_s_once(market: Market, variant: Variant, product: Product) -> None:
    user, other = factories.make_user("wei"), factories.make_product(licence=product.licence).variants.get()
    theirs, mine = guest(market), open_basket(market, token="", user=user, at=NOW)
    set_country(theirs, "US", at=NOW)
    add_pieces(mine, variant, 60, seen_amount=1, at=NOW)
    for one in (variant, other):
        add_pieces(theirs, one, 50, seen_amount=1, at=NOW)

    found = [find_basket(market, token="a token", user=user, at=NOW) for _look in range(2)]

    assert found == [mine, mine]
    assert sorted(pieces(mine)) == sorted([(variant.pk, 99), (other.pk, 50)])
    assert list(Basket.objects.values_list("key", "country")) == [("", "US")]


def test_each_market_has_a_basket_of_its_own(market: Market, variant: Variant) -> None:
    add_pieces(guest(market), variant, 1, seen_amount=1, at=NOW)

    assert find_basket(factories.make_market("eu"), token="a token", user=None, at=NOW) is None
    assert find_basket(market, token="another", user=None, at=NOW) is None
    assert find_basket(market, token="", user=None, at=NOW) is None


def test_what_browsers_left_behind_goes_and_members_baskets_stay(market: Market) -> None:
    for token in ("old", "new"):
        guest(market, token)
    member = open_basket(market, token="", user=factories.make_user("wei"), at=NOW)
    Basket.objects.exclude(key=baskets._key("new")).update(updated_at=NOW - timedelta(days=61))

    assert prune_baskets(at=NOW) == 1

    assert set(Basket.objects.all()) == {member, find_basket(market, token="new", user=None, at=NOW)}
