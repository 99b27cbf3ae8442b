"""Why a product is on a market's shelf, or why not: agreeing with the shelf, and naming every reason."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from catalog.importing.run import import_products
from catalog.models import Price, Product, ShelfSpan
from catalog.queries.listing import SENTENCES, listing_reasons
from catalog.shelf_store import recompile_products
from films.services import set_embargo
from licensing.gate import Reason
from tests.factories import NOW, make_category, make_film, make_licence, make_market, make_merchant, make_product

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def said(product: Product) -> dict[str, list[str]]:
    """Reasons by market; and that the shelf agrees."""
    recompile_products([product.pk])
    found = listing_reasons(product, at=NOW)
    spans = ShelfSpan.objects.at(NOW).filter(product=product)
    assert {one.market.code: one.kind for one in found if one.is_listed} == dict(
        spans.values_list("market__code", "kind")
    )
    return {one.market.code: [str(reason.code) for reason in one.reasons] for one in found}


def make(**overrides: Any) -> Product:
    make_market("eu", position=2)
    licence = make_licence(make_film(), make_merchant(), countries=overrides.pop("countries", ("*",)))
    make_market("us", position=1)
    return make_product(licence=licence, **{"prices": {"us": 3800, "eu": 3500}} | overrides)


def test_what_is_on_the_shelf_has_no_reason_against_it() -> None:
    product = make()

    assert said(product) == {"us": [], "eu": []}
    assert [one.kind for one in listing_reasons(product, at=NOW)] == ["on_sale", "on_sale"]


def test_a_missing_price_is_named_market_by_market() -> None:
    assert said(make(prices={"us": 3800})) == {"us": [], "eu": ["no_price"]}


def test_a_price_to_come_says_when() -> None:
    product = make()
    Price.objects.filter(market__code="eu").update(starts_at=NOW + DAY)

    assert said(product) == {"us": [], "eu": ["price_later"]}
    [reason] = listing_reasons(product, at=NOW)[1].reasons
    assert reason.sentence == "Its price in this market begins on 2026-11-23 12:00 UTC."


def test_a_price_that_was_taken_away_is_missing() -> None:
    product = make()
    Price.objects.create(variant=product.variants.get(), market=make_market("eu"), amount=None, starts_at=NOW - DAY)

    assert said(product) == {"us": [], "eu": ["no_price"]}


def test_one_variant_with_a_price_is_enough() -> None:
    product = make(variants=2)
    Price.objects.filter(market__code="eu", variant__position=0).delete()

    assert said(product) == {"us": [], "eu": []}


def test_a_licence_of_other_countries_is_named_and_one_country_is_enough() -> None:
    assert said(make(countries=("DE",))) == {"us": ["TERRITORY_NOT_LICENSED"], "eu": []}


def test_an_embargo_in_one_country_hides_it_in_the_whole_market() -> None:
    product = make()
    set_embargo(product.film, by=None, tier="title", country="FR", lifts_at=NOW + DAY)

    assert said(product) == {"us": [], "eu": ["EMBARGO_ACTIVE"]}
    sentence = listing_reasons(product, at=NOW)[1].reasons[0].sentence
    assert sentence == "What it reveals of the film is under embargo until 2026-11-23 12:00 UTC."


def test_every_reason_is_named_what_the_merchant_can_do_first() -> None:
    product = make(prices={}, state="draft", listing="campaign", licence_id=None)
    product.merchant.state = "suspended"
    product.merchant.save()

    reasons = ["not_active", "no_price", "no_campaign", "ARTICLE_NOT_LICENSED", "MERCHANT_NOT_AUTHORISED"]
    assert said(product) == {"us": reasons, "eu": reasons}


def test_it_costs_the_same_for_one_variant_and_for_three(django_assert_num_queries: Any) -> None:
    for product in (make(), make(variants=3)):
        with django_assert_num_queries(10):
            listing_reasons(product, at=NOW)


def test_every_reason_of_the_gate_that_can_stand_against_a_listing_has_a_sentence_in_both_languages() -> None:
    never_against_a_listing = {Reason.BEFORE_ON_SALE_DATE, Reason.BEFORE_STREET_DATE, Reason.AUTH_LABEL_MISSING}

    assert set(Reason) - SENTENCES.keys() == never_against_a_listing
    with translation.override("zh-hans"):
        chinese = {code: str(sentence) for code, sentence in SENTENCES.items()}
    assert [code for code, sentence in chinese.items() if sentence.isascii()] == []


def test_an_import_says_how_many_products_have_no_price_in_which_market(tmp_path: Path) -> None:
    merchant, film = make_merchant("kiln"), make_film("the-ferryman", title_en="The Ferryman")
    make_licence(film, merchant)
    for code in ("us", "eu", "cn"):
        make_market(code)
    make_category("mugs")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[columns]\nsku = "SKU"\ntitle = "Title"\n[prices]\nUSD = "USD"\nEUR = "EUR"\n'
        '[film]\ncolumn = "Film"\n[category]\ncolumn = "Category"\n'
    )

    def bring_in(*rows: str, **options: Any) -> Any:
        file = tmp_path / "goods.csv"
        file.write_text("\n".join(["SKU,Title,Film,Category,USD,EUR", *rows]))
        return import_products(file, merchant, by=None, mapping_path=mapping, **options)

    told = {
        "dry": bring_in("a,One,The Ferryman,mugs,19.00,", is_dry_run=True).details["without_price"],
        "new": bring_in("a,One,The Ferryman,mugs,19.00,", "b,Two,The Ferryman,mugs,19.00,17.00").details[
            "without_price"
        ],
        # What the file does not say stands: the price in dollars.
        "again": (report := bring_in("a,One,The Ferryman,mugs,,18.00")).details["without_price"],
    }

    assert told == {"dry": {"eu": 1, "cn": 1}, "new": {"eu": 1, "cn": 2}, "again": {"cn": 1}}
    assert "products without a price in CN, which stay off its shelf: 1" in report.notes
