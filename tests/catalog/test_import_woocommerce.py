"""WooCommerce's product CSV: the real file, and rows in any order."""

import csv
from pathlib import Path

import pytest

from catalog.models import Price, Product, Stock, Variant
from core.errors import Refused
from merchants.models import Merchant
from tests.catalog.imports import bring_in, refusals, shop, snapshot, warnings

pytestmark = pytest.mark.django_db

HEADER = ["ID", "Type", "SKU", "Name", "Published", "Description", "In stock?", "Stock", "Sale price", "Regular price",
          "Categories", "Tags", "Images", "Parent", "Position", "Attribute 1 name", "Attribute 1 value(s)",
          "Attribute 2 name", "Attribute 2 value(s)", "Meta: note"]  # fmt: skip
FILM = '[film]\nfixed = "the-ferryman"\n'


@pytest.fixture
def merchant() -> Merchant:
    return shop("T-shirts", "Hoodies", "Accessories", "Clothing", "Music")


def write(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "woo.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def tee(**cells: str) -> dict[str, str]:
    """A variable product."""
    return {"ID": "1", "Type": "variable", "SKU": "tee", "Name": "Tee", "Published": "1", "Categories": "Goods > T-shirts",
            "Attribute 1 name": "Color", "Attribute 1 value(s)": "Blue, Red"} | cells  # fmt: skip


def variation(sku: str, colour: str, **cells: str) -> dict[str, str]:
    return {"ID": "9", "Type": "variation", "SKU": sku, "Name": f"Tee - {colour}", "Published": "1", "Parent": "tee",
            "Regular price": "25", "Attribute 1 name": "Color", "Attribute 1 value(s)": colour} | cells  # fmt: skip


def test_the_real_file_lands_row_by_row(shared_data: Path, tmp_path: Path, merchant: Merchant) -> None:
    source = shared_data / "catalogs/woocommerce_sample_products.csv"
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        FILM + '[category]\ncolumn = "Categories"\n[category.table]\n"Clothing > Tshirts" = "t-shirts"\n'
    )

    report = bring_in(source, merchant, mapping_path=mapping, currency="USD")

    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = {row["SKU"]: line for line, row in enumerate(rows, 2)}
    assert report.format == "woocommerce"
    assert refusals(report) == [
        (lines["cc-logo-collection"], "Type", "grouped_product"),
        (lines["cp-donation"], "Type", "external_product"),
    ]
    assert report.rows.as_plain() == {"in": 24, "created": 22, "updated": 0, "unchanged": 0, "refused": 2}
    assert report.subjects.as_plain() == {"in": 13, "created": 13, "updated": 0, "unchanged": 0, "refused": 0}
    hoodie = Product.objects.get(sku="cc-hoodie")
    assert [(variant.sku, variant.options) for variant in hoodie.variants.all()] == [
        (sku, {"colour": colour, "logo": logo})
        for sku, colour, logo in [
            ("cc-hoodie-blue-logo", "Blue", "Yes"),
            ("cc-hoodie-green-logo", "Green", "Yes"),
            ("cc-hoodie-red-logo", "Red", "Yes"),
            ("cc-hoodie-red", "Red", "No"),
            ("cc-hoodie-green", "Green", "No"),
            ("cc-hoodie-blue", "Blue", "No"),
        ]
    ]
    sold = [row for row in rows if row["Regular price"] and row["Type"] != "external"]
    assert set(Price.objects.values_list("variant__sku", "amount")) == {
        (row["SKU"], int(row["Regular price"]) * 100) for row in sold
    }
    assert Product.objects.get(sku="cc-belt").extra["Sale price"] == "55"
    assert hoodie.extra["_variants"]["cc-hoodie-red"]["Sale price"] == "42"
    assert hoodie.images.count() == 7
    shipped = {(lines[sku], "Type", "not_shipped") for sku in ("cc-album", "cc-single")}
    open_sizes = {
        (lines[f"cc-t-shirt-{colour}"], "Attribute 2 value(s)", "open_option") for colour in ("blue", "green", "red")
    }
    assert set(warnings(report)) == shipped | open_sizes


def test_the_real_file_again_changes_nothing(shared_data: Path, tmp_path: Path, merchant: Merchant) -> None:
    source, mapping = shared_data / "catalogs/woocommerce_sample_products.csv", tmp_path / "mapping.toml"
    mapping.write_text(FILM + '[category]\nfixed = "clothing"\n')
    bring_in(source, merchant, mapping_path=mapping, currency="USD")
    before = snapshot(merchant)

    report = bring_in(source, merchant, mapping_path=mapping, currency="USD")

    assert report.rows.as_plain() == {"in": 24, "created": 0, "updated": 0, "unchanged": 22, "refused": 2}
    assert snapshot(merchant) == before


def test_a_variation_may_stand_anywhere_and_name_its_parent_by_number(tmp_path: Path, merchant: Merchant) -> None:
    other = {
        "ID": "2",
        "Type": "simple",
        "SKU": "cap",
        "Name": "Cap",
        "Categories": "Accessories",
        "Regular price": "9",
    }
    path = write(tmp_path, variation("tee-b", "Blue"), other, tee(SKU=""), variation("tee-r", "Red", Parent="id:1"))

    report = bring_in(path, merchant, FILM, currency="USD")

    assert refusals(report) == [(2, "Parent", "unknown_parent")]
    assert list(Variant.objects.order_by("pk").values_list("product__sku", "sku")) == [
        ("cap", "cap"),
        ("id:1", "tee-r"),
    ]


def test_what_belongs_to_no_product_is_refused_by_its_row(tmp_path: Path, merchant: Merchant) -> None:
    path = write(
        tmp_path,
        tee(),
        variation("tee-b", "Blue"),
        variation("tee-r", "Red", Published="0"),
        variation("lost", "Red", Parent="nobody"),
        variation("of-a-cap", "Red", Parent="cap"),
        {"ID": "5", "Type": "subscription", "SKU": "s", "Name": "S"},
        {"ID": "6", "Type": "simple", "SKU": "cap", "Name": "Cap", "Categories": "Accessories", "Regular price": "9"},
        {"ID": "7", "Type": "simple", "SKU": "cap", "Name": "Cap 2", "Categories": "Accessories", "Regular price": "9"},
        {"Type": "simple", "Name": "Nameless"},
        tee(ID="8", SKU="empty"),
    )

    report = bring_in(path, merchant, FILM, currency="USD")

    assert refusals(report) == [
        (4, "Published", "unpublished_variation"),
        (5, "Parent", "unknown_parent"),
        (6, "Parent", "unknown_parent"),
        (7, "Type", "unknown_type"),
        (9, "SKU", "duplicate_row"),
        (10, "SKU", "missing_value"),
        (11, "", "no_variants"),
    ]
    assert report.rows.as_plain() == {"in": 10, "created": 3, "updated": 0, "unchanged": 0, "refused": 7}
    assert set(Product.objects.values_list("sku", flat=True)) == {"tee", "cap"}


def test_stock_state_and_texts_of_variations(tmp_path: Path, merchant: Merchant) -> None:
    path = write(
        tmp_path,
        tee(Published="-1", Description="<p>Soft</p>"),
        variation("b", "Blue", Stock="parent", Description="Blue as the sea"),
        variation("r", "Red", **{"In stock?": "0", "Meta: note": "last ones"}),
    )

    report = bring_in(path, merchant, FILM, currency="USD")

    product = Product.objects.get()
    assert refusals(report) == []
    assert (product.state, product.title_en, product.description_en) == (Product.State.DRAFT, "Tee", "Soft")
    assert list(Stock.objects.values_list("variant__sku", "on_hand")) == [("r", 0)]
    assert product.extra["_variants"]["b"]["Description"] == "Blue as the sea"
    assert product.extra["_variants"]["r"]["Meta: note"] == "last ones"


def test_the_currency_has_to_be_said(tmp_path: Path, merchant: Merchant) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(write(tmp_path, tee()), merchant, FILM)

    assert refusal.value.code == "currency_missing"
    assert not Product.objects.exists()
