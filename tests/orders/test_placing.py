"""Placing an order: what is decided again, held, written down, and refused with nothing changed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Market, Offer, Price, Product, Promotion, Stock, Variant
from core.clock import ALWAYS
from licensing.models import Licence
from orders.models import Basket, Order, OrderLine, PersonCount, Reservation
from orders.placing import place_lines, place_order
from orders.quoting import Wanted
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import MINUTE, Place, buyer, refused, sells, terms

pytestmark = pytest.mark.django_db


def stock_of(variant: Variant) -> tuple[int, int]:
    return Stock.objects.values_list("on_hand", "reserved").get(variant=variant)


def test_an_order_copies_what_the_buyer_saw_and_holds_it(place: Place, product: Product, variant: Variant) -> None:
    order = place(variant, 2)

    line = order.lines.get()
    assert (order.goods_amount, order.delivery_amount, order.tax_amount, order.total_amount) == (7600, 1200, 704, 9504)
    assert (line.title_en, line.unit_amount, line.amount, line.tax_rate) == (
        product.title_en,
        3800,
        7600,
        Decimal("0.08"),
    )
    assert (line.total_amount, line.licence_ids) == (8208, [product.licence_id])
    assert order.expires_at == NOW + timedelta(minutes=10)
    assert stock_of(variant) == (10, 2)
    assert [(held.variant_id, held.pieces) for held in order.reservations.all()] == [(variant.pk, 2)]
    assert Licence.objects.get().units_used == 2
    assert [(one.state, one.amount) for one in order.payments.all()] == [("open", 9504)]


def test_prices_with_tax_in_them_are_what_is_paid(product: Product, variant: Variant) -> None:
    eu = factories.make_market("eu")
    eu.tax_rates.create(country="DE", rate=Decimal("0.19"), starts_on="2020-01-01")
    Price.objects.create(variant=variant, market=eu, amount=4000, starts_at=ALWAYS)
    sells(product, eu, 500)
    lines = [Wanted(variant.pk, 1)]

    order = place_lines(lines, eu, buyer(), terms(eu, lines), at=NOW)

    assert (order.currency, order.total_amount, order.tax_amount) == ("EUR", 4500, 639 + 80)


def test_a_region_with_a_rate_of_its_own_is_taxed_by_it(place: Place, market: Market, variant: Variant) -> None:
    market.tax_rates.create(country="US", region="NY", rate=Decimal("0.1"), starts_on="2020-01-01")

    assert place(variant, 1).tax_amount == 400
    with refused("total_changed"):
        place(variant, 1, region="NY")
    assert place(variant, 1, region="NY", expected_total=5500).tax_amount == 500


def test_two_merchants_are_two_parcels_each_with_its_delivery(place: Place, market: Market, variant: Variant) -> None:
    other = factories.make_product(prices={"us": 1000})
    sells(other, market, 300, further_amount=100)

    order = place(variant, 1, other.variants.get(), 3)

    assert [(parcel.merchant, parcel.amount) for parcel in order.parcels.all()] == [
        (variant.product.merchant, 1200), (other.merchant, 500),
    ]  # fmt: skip
    assert order.total_amount == 3800 + 3000 + 1700 + 304 + 240 + 96 + 40


def test_a_discount_says_who_funds_it(place: Place, product: Product, variant: Variant, market: Market) -> None:
    promotion = Promotion.objects.create(
        starts_at=NOW - MINUTE, ends_at=NOW + MINUTE, since=NOW, is_published=True, studio_share=2500
    )
    Offer.objects.create(promotion=promotion, product=product, market=market, kind="percent", value=2000)

    line = place(variant, 3).lines.get()

    assert (line.regular_amount, line.unit_amount, line.promotion) == (3800, 3040, promotion.public_id)
    assert (line.discount_amount, line.studio_discount) == (2280, 570)


def test_a_promotion_that_is_held_in_the_market_asks_nothing(place: Place, product: Product, market: Market) -> None:
    promotion = Promotion.objects.create(starts_at=NOW - MINUTE, ends_at=NOW + MINUTE, since=NOW, is_published=True)
    Offer.objects.create(promotion=promotion, product=product, market=market, kind="percent", value=2000)
    promotion.held_markets.add(market)

    assert place(product.variants.get(), 1).lines.get().unit_amount == 3800


def test_of_two_promotions_the_one_counts_that_the_shelf_counts(place: Place, product: Product, market: Market) -> None:
    for priority, value in ((0, 5000), (1, 1000)):
        promotion = Promotion.objects.create(
            starts_at=NOW - MINUTE, ends_at=NOW + MINUTE, since=NOW, is_published=True, priority=priority
        )
        Offer.objects.create(promotion=promotion, product=product, market=market, kind="percent", value=value)

    assert place(product.variants.get(), 1).lines.get().unit_amount == 3420


def _unlicensed(product: Product) -> None:
    product.licence.grants.update(excluded_countries=["US"])


def _archived(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(state="archived")


def _priceless(product: Product) -> None:
    Price.objects.filter(variant__product=product).delete()


def _campaign_only(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(listing="campaign")


def _dearer(product: Product) -> None:
    Price.objects.filter(variant__product=product).update(amount=3801)


def _sold_out(product: Product) -> None:
    Stock.objects.filter(variant__product=product).update(reserved=9)


def _at_home(product: Product) -> None:
    product.merchant.shipping_rates.update(is_active=False)


def _capped(product: Product) -> None:
    Licence.objects.update(unit_cap=1)


def _one_each(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(per_person=1)


def _not_yet(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(on_sale_at=NOW + MINUTE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_unlicensed, "not_to_this_country"), (_archived, "not_for_sale"), (_priceless, "not_for_sale"),
        (_campaign_only, "not_for_sale"), (_dearer, "total_changed"), (_sold_out, "out_of_stock"),
        (_at_home, "no_delivery"), (_capped, "unit_cap_reached"), (_one_each, "per_person_reached"),
        (_not_yet, "not_to_this_country"),
    ],
)  # fmt: skip
def test_what_has_changed_since_the_page_is_refused_by_name_and_nothing_is_held(
    market: Market, product: Product, variant: Variant, change: Any, code: str
) -> None:
    lines = [Wanted(variant.pk, 2)]
    said = terms(market, lines)
    change(product)
    before = stock_of(variant)

    with refused(code):
        place_lines(lines, market, buyer(), said, at=NOW)

    assert (Order.objects.count(), Reservation.objects.count(), PersonCount.objects.count()) == (0, 0, 0)
    assert stock_of(variant) == before
    assert Licence.objects.get().units_used == 0


def test_two_lines_of_one_variant_ask_for_their_sum(place: Place, variant: Variant) -> None:
    Stock.objects.update(on_hand=3)

    with refused("out_of_stock"):
        place(variant, 2, variant, 2)
    order = place(variant, 2, variant, 1)

    assert [line.quantity for line in order.lines.all()] == [2, 1]
    assert order.reservations.get().pieces == 3


def test_a_pre_order_is_promised_from_its_cap(place: Place, product: Product, variant: Variant) -> None:
    Product.objects.update(street_on="2026-12-24")
    Stock.objects.update(on_hand=0, pre_order_cap=2)

    order = place(variant, 2)

    assert (order.lines.get().is_pre_order, str(order.lines.get().street_on)) == (True, "2026-12-24")
    assert order.parcels.get().arrives_from > order.lines.get().street_on
    with refused("out_of_stock"):
        place(variant, 1)


def test_each_person_has_one_allowance_signed_in_or_not(place: Place, product: Product, variant: Variant) -> None:
    Product.objects.update(per_person=3)
    user = factories.make_user("wei")

    place(variant, 2, by=buyer(user=user))
    with refused("per_person_reached") as signed_in:
        place(variant, 2, by=buyer(user=user, email="other@example.com"))
    with refused("per_person_reached"):
        place(variant, 2, by=buyer(email="WEI@example.com"))
    place(variant, 1, by=buyer(email=" Wei@Example.com "))

    assert signed_in.value.facts["left"] == 1
    assert place(variant, 3, by=buyer(email="ann@example.com")).lines.get().quantity == 3


def test_the_same_form_twice_makes_one_order(market: Market, variant: Variant) -> None:
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)

    first, second = (place_lines(lines, market, buyer(), said, at=NOW) for _click in range(2))

    assert first == second
    assert stock_of(variant) == (10, 1)


def test_a_basket_is_ordered_once_and_empty_afterwards(market: Market, variant: Variant) -> None:
    basket = Basket.objects.create(key="k", market=market, created_at=NOW, updated_at=NOW)
    basket.lines.create(variant=variant, quantity=2, seen_amount=3800, added_at=NOW)
    said = terms(market, [Wanted(variant.pk, 2)])

    order = place_order(basket, buyer(), said, at=NOW)

    assert basket.lines.count() == 0
    assert place_order(basket, buyer(), said, at=NOW) == order
    with refused("basket_empty"):
        place_order(basket, buyer(), replace(said, checkout_key="another tab"), at=NOW)


def test_pieces_that_were_not_paid_in_time_go_to_who_wants_them(place: Place, variant: Variant) -> None:
    first = place(variant, 10)

    with refused("out_of_stock"):
        place(variant, 1, at=NOW + 11 * MINUTE, expected_total=1)
    late = place(variant, 1, at=NOW + 12 * MINUTE, expected_total=5400)

    first.refresh_from_db()
    assert (first.state, late.state) == ("expired", "pending")
    assert stock_of(variant) == (10, 1)
    assert Licence.objects.get().units_used == 1
    assert OrderLine.objects.get(order=first).units_taken_at is None


def test_units_and_allowances_of_what_was_not_paid_go_to_who_wants_them(place: Place, variant: Variant) -> None:
    Licence.objects.update(unit_cap=2)
    Product.objects.update(per_person=2)
    place(variant, 2)

    with refused("per_person_reached"):
        place(variant, 1, at=NOW + 11 * MINUTE)
    with refused("unit_cap_reached"):
        place(variant, 1, at=NOW + 11 * MINUTE, by=buyer(email="ann@example.com"))

    assert place(variant, 2, at=NOW + 12 * MINUTE).state == "pending"
    assert (Licence.objects.get().units_used, stock_of(variant)) == (2, (10, 2))


def test_the_same_queries_whatever_the_number_of_lines(
    market: Market, django_assert_num_queries: Any, place: Place, product: Product
) -> None:
    """But for one update of each variant's stock."""
    variants = list(factories.make_product(licence=product.licence, variants=3).variants.all())
    one, three = [Wanted(variants[0].pk, 1)], [Wanted(variant.pk, 1) for variant in variants]
    for lines in (one, three):
        said = terms(market, lines)
        with django_assert_num_queries(16 + len(lines)):
            place_lines(lines, market, buyer(), said, at=NOW)
