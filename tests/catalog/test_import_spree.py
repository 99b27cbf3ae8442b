"""Spree's product CSV and its translations: the real files."""

import csv
from pathlib import Path

import pytest

from catalog.models import Market, Price, Product, Stock, Variant
from core.errors import Refused
from merchants.models import Merchant
from tests.catalog.imports import bring_in, refusals, shop, snapshot

pytestmark = pytest.mark.django_db

MAPPING = '[film]\nfixed = "the-ferryman"\n[category]\nfixed = "appliances"\n'
HEADER = ["slug", "sku", "name", "price", "compare_at_price", "currency", "status", "description", "option1_name",
          "option1_value", "image1_src", "inventory_count", "custom_field.custom.wattage"]  # fmt: skip


@pytest.fixture
def merchant() -> Merchant:
    return shop("Appliances", "Kettles")


def write(folder: Path, *rows: dict[str, str], header: list[str] = HEADER) -> Path:
    path = folder / "spree.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


KETTLE = {"slug": "kettle", "sku": "K", "name": "Kettle", "price": "0", "currency": "USD", "status": "active"}


def colour(sku: str, value: str, price: str = "10", currency: str = "USD") -> dict[str, str]:
    return {
        "slug": "kettle",
        "sku": sku,
        "price": price,
        "currency": currency,
        "option1_name": "Color",
        "option1_value": value,
    }


def euro(sku: str, price: str = "9") -> dict[str, str]:
    """A row with nothing but slug, SKU and a price."""
    return {"slug": "kettle", "sku": sku, "price": price, "currency": "EUR"}


def test_the_real_file_lands_with_both_currencies(shared_data: Path, tmp_path: Path, merchant: Merchant) -> None:
    source, mapping = shared_data / "catalogs/spree_products.csv", tmp_path / "mapping.toml"
    mapping.write_text(MAPPING)

    report = bring_in(source, merchant, mapping_path=mapping)

    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    variants = [row for row in rows if not row["name"]]
    assert (report.format, refusals(report)) == ("spree", [])
    assert report.rows.as_plain() == {"in": 211, "created": 211, "updated": 0, "unchanged": 0, "refused": 0}
    assert report.subjects.as_plain() == {"in": 37, "created": 37, "updated": 0, "unchanged": 0, "refused": 0}
    assert set(Price.objects.values_list("variant__sku", "market__code", "amount")) == {
        (row["sku"], {"USD": "us", "EUR": "eu"}[row["currency"]], round(float(row["price"]) * 100)) for row in variants
    }
    assert set(Stock.objects.values_list("variant__sku", "on_hand")) == {
        (row["sku"], int(row["inventory_count"])) for row in variants if row["inventory_count"]
    }
    assert {product.title_en for product in Product.objects.all()} == {row["name"] for row in rows if row["name"]}
    assert Product.objects.get(sku="2-slice-toaster").extra["custom_field.custom.wattage"] == "850W"

    again = bring_in(source, merchant, mapping_path=mapping)

    assert again.rows.as_plain() == {"in": 211, "created": 0, "updated": 0, "unchanged": 211, "refused": 0}


def test_prices_far_below_find_their_variant_and_a_lone_product_is_its_own(tmp_path: Path, merchant: Merchant) -> None:
    pan = {"slug": "pan", "sku": "P", "name": "Pan", "price": "5", "currency": "USD"}
    path = write(
        tmp_path, euro("K-R"), KETTLE, colour("K-R", "Red"), pan, colour("K-B", "Blue"), euro("K-B"), euro("K")
    )

    report = bring_in(path, merchant, MAPPING)

    assert refusals(report) == []
    assert report.rows.as_plain()["created"] == 7
    assert list(Variant.objects.order_by("product__sku", "position").values_list("sku", "options")) == [
        ("K-R", {"colour": "Red"}),
        ("K-B", {"colour": "Blue"}),
        ("P", {}),
    ]
    assert Price.objects.filter(market__code="eu").count() == 2


def test_a_price_goes_down_with_its_variant_and_none_is_told_twice(tmp_path: Path, merchant: Merchant) -> None:
    path = write(
        tmp_path,
        KETTLE,
        colour("K-R", "Red", price="0"),
        colour("K-B", "Blue"),
        euro("K-R"),
        euro("K-B"),
        euro("K-B", "8"),
    )

    report = bring_in(path, merchant, MAPPING)

    assert refusals(report) == [(3, "price", "price_zero"), (5, "", "variant_refused"), (7, "sku", "duplicate_row")]
    assert list(Price.objects.order_by("pk").values_list("variant__sku", "amount")) == [("K-B", 1000), ("K-B", 900)]


def test_a_currency_without_a_market_is_reported(tmp_path: Path, merchant: Merchant) -> None:
    Market.objects.filter(code="eu").delete()
    path = write(tmp_path, KETTLE, colour("K-R", "Red"), euro("K-R"))

    report = bring_in(path, merchant, MAPPING)

    assert refusals(report) == []
    assert report.details["without_market"] == [{"column": "price", "currency": "EUR", "values": 1}]


def test_a_row_without_a_currency_takes_the_one_that_was_said(tmp_path: Path, merchant: Merchant) -> None:
    path = write(tmp_path, KETTLE | {"currency": ""}, colour("K-R", "Red", currency=""))
    with pytest.raises(Refused) as refusal:
        bring_in(path, merchant, MAPPING)

    bring_in(path, merchant, MAPPING, currency="EUR")

    assert refusal.value.code == "currency_missing"
    assert list(Price.objects.values_list("market__code", "amount")) == [("eu", 1000)]


# -- translations -----------------------------------------------------------------------------------
def test_languages_that_are_not_kept_are_refused_row_by_row(
    shared_data: Path, tmp_path: Path, merchant: Merchant
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING)
    bring_in(shared_data / "catalogs/spree_products.csv", merchant, mapping_path=mapping)
    before = snapshot(merchant)

    report = bring_in(shared_data / "catalogs/spree_product_translations.csv", merchant)

    assert report.format == "spree-translations"
    assert refusals(report) == [(line, "locale", "bad_language") for line in range(2, 76)]
    assert snapshot(merchant) == before


def test_a_translation_changes_the_texts_of_products_that_are_here(
    shared_data: Path, tmp_path: Path, merchant: Merchant
) -> None:
    """The real file, with its German rows said to be Chinese."""
    mapping, path = tmp_path / "mapping.toml", tmp_path / "translations.csv"
    mapping.write_text(MAPPING)
    bring_in(shared_data / "catalogs/spree_products.csv", merchant, mapping_path=mapping)
    text = (shared_data / "catalogs/spree_product_translations.csv").read_text(encoding="utf-8")
    path.write_text(text.replace(",de,", ",zh-CN,") + "nobody,zh,无,,,\nkettle,zh-TW,壺,,,\n", encoding="utf-8")

    report = bring_in(path, merchant)

    assert report.rows.as_plain() == {"in": 76, "created": 0, "updated": 37, "unchanged": 0, "refused": 39}
    assert {code for _line, _column, code in refusals(report)} == {"bad_language", "unknown_product"}
    assert refusals(report)[-2:] == [(76, "slug", "unknown_product"), (77, "locale", "bad_language")]
    toaster = Product.objects.get(sku="2-slice-toaster")
    assert (toaster.title_en, toaster.title_zh) == ("2-Slice Toaster", "2-Scheiben-Toaster")
    assert toaster.extra["meta_title [zh-CN]"].startswith("2-Scheiben")
    assert bring_in(path, merchant).rows.as_plain()["unchanged"] == 37
