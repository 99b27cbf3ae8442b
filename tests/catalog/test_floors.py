"""A licence's price floor: no price and no offer goes below it, wherever it is entered."""

import json
from datetime import timedelta

import pytest

from catalog.models import Offer, Price, Product, Promotion
from catalog.prices import put_price, set_price
from catalog.services import VariantFacts, create_product, put_variants
from core.errors import Refused
from core.money import Money
from licensing.models import ArticleProperty, LicensedArticle, PriceFloor
from tests import factories
from tests.catalog.imports import bring_in, refusals, shop
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def us():
    return factories.make_market("us")


@pytest.fixture
def licence():
    licence = factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())
    PriceFloor.objects.create(licence=licence, currency="USD", amount=2000)
    PriceFloor.objects.create(licence=licence, currency="EUR", amount=9000)
    return licence


def usd(amount):
    return Money(amount, "USD")


def refused(verb, *arguments, **named):
    before = list(Price.objects.order_by("pk").values())
    with pytest.raises(Refused) as refusal:
        verb(*arguments, **named)
    assert list(Price.objects.order_by("pk").values()) == before
    return refusal.value.code, refusal.value.facts


def test_a_price_below_the_floor_is_refused_by_name_and_one_at_it_is_taken(licence, us, django_assert_max_num_queries):
    variant = factories.make_product(licence=licence).variants.get()

    code, facts = refused(set_price, variant, us, usd(1999), starts_at=NOW, by=None, at=NOW)

    assert (code, facts) == (
        "price_below_floor",
        {"price": "19.99 USD", "floor": "20.00 USD", "licence": licence.number},
    )
    assert set_price(variant, us, usd(2000), starts_at=NOW, by=None, at=NOW).amount == 2000
    assert set_price(variant, us, None, starts_at=NOW + DAY, by=None, at=NOW).amount is None


def test_the_highest_floor_of_several_properties_counts(licence, us):
    product = factories.make_product(licence=licence)
    second = factories.make_licence(factories.make_film(), licence.merchant)
    article = LicensedArticle.objects.create(merchant=licence.merchant, sku=product.sku)
    ArticleProperty.objects.create(article=article, film=second.film, licence=second)
    PriceFloor.objects.create(licence=second, currency="USD", amount=3000)

    code, facts = refused(set_price, product.variants.get(), us, usd(2999), starts_at=NOW, by=None, at=NOW)

    assert (code, facts["licence"]) == ("price_below_floor", second.number)


@pytest.mark.parametrize(
    ("changes", "is_refused"),
    [({}, True), ({"is_published": False}, False), ({"ends_at": NOW}, False)],
)
def test_a_price_that_a_running_offer_would_bring_below_the_floor_is_refused(licence, us, changes, is_refused):
    product = factories.make_product(licence=licence)
    terms = {"starts_at": NOW - DAY, "ends_at": NOW + DAY, "since": NOW, "is_published": True} | changes
    promotion = Promotion.objects.create(**terms)
    Offer.objects.create(promotion=promotion, product=product, market=us, kind=Offer.Kind.PERCENT, value=2000)

    if is_refused:
        code, facts = refused(set_price, product.variants.get(), us, usd(2400), starts_at=NOW, by=None, at=NOW)
        assert (code, facts["price"]) == ("price_below_floor", "19.20 USD")
    else:
        assert set_price(product.variants.get(), us, usd(2400), starts_at=NOW, by=None, at=NOW).amount == 2400


def test_a_standing_price_stays_though_a_floor_came_after_it(licence, us):
    variant = factories.make_product(licence=licence, prices={"us": 900}).variants.get()

    assert put_price(variant, us, 900, NOW).amount == 900


def test_variants_are_held_to_it_too_and_nothing_of_them_is_written(licence, us):
    product = factories.make_product(licence=licence)

    code, _facts = refused(put_variants, product, [VariantFacts("new", prices={us: 1999})], by=None, at=NOW)

    assert code == "price_below_floor"
    assert [variant.sku for variant in product.variants.all()] == [f"{product.sku}-0"]


def test_a_new_product_under_the_licence_is_held_to_it(licence, us):
    code, _facts = refused(
        create_product, licence.merchant, film=licence.film, licence=licence, category=factories.make_category(),
        sku="new", title_en="New", by=None, at=NOW, variants=[VariantFacts("new", prices={us: 1})],
    )  # fmt: skip

    assert code == "price_below_floor"
    assert not Product.objects.exists()


def test_a_row_below_the_floor_is_refused_with_its_reason_and_the_others_land(tmp_path):
    merchant = shop()
    PriceFloor.objects.create(licence=merchant.licences.get(), currency="USD", amount=2000)
    path = tmp_path / "goods.csv"
    path.write_text(
        "Handle,Title,Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
        "tee,Tee,V,T-shirts,film:the-ferryman,Size,S,tee-s,19.99\n"
        "cap,Cap,V,T-shirts,film:the-ferryman,Size,S,cap-s,20.00\n",
        encoding="utf-8",
    )

    report = bring_in(path, merchant, currency="USD")

    assert refusals(report) == [(2, "Variant Price", "price_below_floor")]
    assert list(Price.objects.values_list("variant__sku", "amount")) == [("cap-s", 2000)]


def test_a_line_of_json_below_the_floor_is_refused_at_its_place(tmp_path):
    merchant = shop()
    PriceFloor.objects.create(licence=merchant.licences.get(), currency="USD", amount=2000)
    path = tmp_path / "goods.jsonl"
    goods = {"sku": "tee", "title": {"en": "Tee"}, "film": "the-ferryman", "category": "t-shirts"}
    path.write_text(json.dumps(goods | {"prices": {"us": "19.99", "eu": "1.00"}}) + "\n", encoding="utf-8")

    report = bring_in(path, merchant, format="jsonl")

    assert refusals(report) == [(1, "prices.us", "price_below_floor")]
    assert not Product.objects.exists()
