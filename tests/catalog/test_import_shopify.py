"""Shopify's product CSV."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from catalog.importing.run import import_products
from catalog.models import Price, Product, ShelfSpan, Stock, Variant
from core.errors import Refused
from core.importing.report import Report
from merchants.models import Merchant
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant

pytestmark = pytest.mark.django_db

#: The header of an export, as Shopify writes it.
# fmt: off
HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU",
    "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping",
    "Variant Taxable", "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title",
    "SEO Description", "Google Shopping / Google Product Category", "Google Shopping / Gender",
    "Google Shopping / Age Group", "Google Shopping / MPN", "Google Shopping / Condition",
    "Google Shopping / Custom Product", "Google Shopping / Custom Label 0", "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2", "Google Shopping / Custom Label 3", "Google Shopping / Custom Label 4",
    "Variant Image", "Variant Weight Unit", "Variant Tax Code", "Status",
]
# fmt: on

TEE: dict[str, str] = {
    "Handle": "ferry-tee",
    "Title": "Ferry tee",
    "Type": "T-shirts",
    "Tags": "cotton, film:the-ferryman",
    "Variant Price": "19.90",
    "Status": "active",
}


@pytest.fixture
def merchant() -> Merchant:
    """A merchant with an executed licence for The Ferryman, and two markets."""
    make_market("us")
    make_market("eu")
    make_category("t-shirts", name_en="T-shirts")
    merchant = make_merchant("suzhou-creek")
    make_licence(make_film("the-ferryman", title_en="The Ferryman"), merchant)
    return merchant


def write(path: Path, rows: list[dict[str, str]], header: list[str] = HEADER) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def bring_in(tmp_path: Path, merchant: Merchant, rows: list[dict[str, str]], **options: Any) -> Report:
    path = write(tmp_path / "products_export.csv", rows, options.pop("header", HEADER))
    return import_products(path, merchant, by=None, **{"currency": "USD"} | options)


def refusals(report: Report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.refusals.in_order()]


def test_the_header_is_the_one_of_46_columns() -> None:
    assert len(HEADER) == 46


def test_many_rows_of_one_handle_are_one_product_with_variants_and_pictures(tmp_path: Path, merchant: Merchant) -> None:
    rows = [
        TEE
        | {
            "Body (HTML)": "<p>Soft &amp; warm<script>alert(1)</script></p><ul><li>cotton</li></ul>",
            "Option1 Name": "Size",
            "Option1 Value": "S",
            "Option2 Name": "Color",
            "Option2 Value": "Midnight",
            "Variant SKU": "FT-S",
            "Variant Inventory Qty": "12",
            "Variant Compare At Price": "29.90",
            "Variant Barcode": "'4006381333931",
            "Image Src": "https://pictures.example/1.jpg",
            "Image Position": "1",
            "Vendor": "Suzhou Creek",
        },
        {"Handle": "ferry-tee", "Option1 Value": "M", "Option2 Value": "Midnight", "Variant Price": "21"}
        | {"Variant SKU": "FT-M", "Variant Tax Code": "P0000"},
        {"Handle": "ferry-tee", "Image Src": "https://pictures.example/2.jpg", "Image Alt Text": "From behind"},
    ]

    report = bring_in(tmp_path, merchant, rows)

    product = Product.objects.get()
    small, medium = product.variants.all()
    assert refusals(report) == []
    assert report.rows.as_plain() == {"in": 3, "created": 3, "updated": 0, "unchanged": 0, "refused": 0}
    assert report.subjects.as_plain() == {"in": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": 0}
    assert (product.sku, product.slug, product.title_en) == ("ferry-tee", "ferry-tee", "Ferry tee")
    assert product.description_en == "Soft & warm\ncotton"
    assert (product.state, product.licence) == (Product.State.ACTIVE, merchant.licences.get())
    assert (small.sku, small.options, small.gtin) == ("FT-S", {"size": "S", "colour": "Midnight"}, "4006381333931")
    assert (medium.sku, medium.options, medium.gtin) == ("FT-M", {"size": "M", "colour": "Midnight"}, "")
    assert list(Price.objects.values_list("variant__sku", "market__code", "amount")) == [
        ("FT-S", "us", 1990),
        ("FT-M", "us", 2100),
    ]
    assert Stock.objects.get().on_hand == 12
    assert product.extra == {
        "Vendor": "Suzhou Creek",
        "Type": "T-shirts",
        "Tags": "cotton, film:the-ferryman",
        "Variant Compare At Price": "29.90",
        "_written": {"description": "<p>Soft &amp; warm<script>alert(1)</script></p><ul><li>cotton</li></ul>"},
        "_options": ["Size", "Color"],
        "_codes": {"FT-S": {"gtin": "'4006381333931"}},
        "_variants": {"FT-M": {"Variant Tax Code": "P0000"}},
        "_rows": [["FT-S", "https://pictures.example/1.jpg"], ["FT-M", ""], ["", "https://pictures.example/2.jpg"]],
    }
    assert list(product.images.values_list("source", "alt_en", "state")) == [
        ("https://pictures.example/1.jpg", "", "waiting"),
        ("https://pictures.example/2.jpg", "From behind", "waiting"),
    ]
    assert ShelfSpan.objects.get().amount == 1990


def test_the_same_file_again_changes_nothing(tmp_path: Path, merchant: Merchant) -> None:
    rows = [
        TEE | {"Option1 Name": "Size", "Option1 Value": "S", "Image Src": "https://pictures.example/1.jpg"},
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant Price": "21", "Variant Inventory Qty": "-3"},
        {"Handle": "ferry-tee", "Image Src": "https://pictures.example/2.jpg"},
    ]
    bring_in(tmp_path, merchant, rows)
    before = list(Product.objects.values()), list(Variant.objects.values()), list(Price.objects.values())

    report = bring_in(tmp_path, merchant, rows)

    assert report.rows.as_plain() == {"in": 3, "created": 0, "updated": 0, "unchanged": 3, "refused": 0}
    assert report.changes == []
    assert (list(Product.objects.values()), list(Variant.objects.values()), list(Price.objects.values())) == before


def test_a_changed_price_is_a_new_price_from_now(tmp_path: Path, merchant: Merchant) -> None:
    rows = [
        TEE | {"Option1 Name": "Size", "Option1 Value": "S"},
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant Price": "21"},
    ]
    bring_in(tmp_path, merchant, rows)
    rows[1]["Variant Price"] = "22"

    report = bring_in(tmp_path, merchant, rows)

    assert report.rows.as_plain() == {"in": 2, "created": 0, "updated": 1, "unchanged": 1, "refused": 0}
    assert list(Price.objects.order_by("pk").values_list("variant__sku", "amount")) == [
        ("ferry-tee-s", 1990),
        ("ferry-tee-m", 2100),
        ("ferry-tee-m", 2200),
    ]


def test_a_price_that_is_missing_later_leaves_the_price(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, [TEE])

    report = bring_in(tmp_path, merchant, [TEE | {"Variant Price": ""}])

    assert report.rows.as_plain()["unchanged"] == 1
    assert Price.objects.get().amount == 1990


def test_a_product_without_a_price_lands_without_one(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, [TEE | {"Variant Price": ""}])

    assert Variant.objects.get().sku == "ferry-tee"
    assert not Price.objects.exists()
    assert not ShelfSpan.objects.exists()


@pytest.mark.parametrize(
    "status, published, state",
    [
        ("active", "", "active"),
        ("ACTIVE", "true", "active"),
        ("", "", "active"),
        ("", "TRUE", "active"),
        ("", "FALSE", "draft"),
        ("active", "FALSE", "draft"),
        ("draft", "TRUE", "draft"),
        ("unlisted", "", "draft"),
        ("archived", "FALSE", "archived"),
    ],
)
def test_a_product_is_active_unless_the_file_says_otherwise(
    tmp_path: Path, merchant: Merchant, status: str, published: str, state: str
) -> None:
    bring_in(tmp_path, merchant, [TEE | {"Status": status, "Published": published}])

    assert Product.objects.get().state == state


def test_a_file_that_is_silent_about_the_state_leaves_the_desks(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, [TEE | {"Status": ""}])
    Product.objects.update(state=Product.State.ARCHIVED)

    report = bring_in(tmp_path, merchant, [TEE | {"Status": ""}])

    assert report.rows.as_plain()["unchanged"] == 1
    assert Product.objects.get().state == Product.State.ARCHIVED


def test_a_bad_variant_costs_its_row_only(tmp_path: Path, merchant: Merchant) -> None:
    rows = [
        TEE | {"Option1 Name": "Size", "Option1 Value": "S", "Variant Price": "abc", "Vendor": "Suzhou Creek"},
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant Price": "21"},
        {"Handle": "ferry-tee", "Option1 Value": "L", "Variant Price": "-21"},
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant SKU": "again", "Variant Price": "21"},
        {"Handle": "ferry-tee", "Option1 Value": "XL", "Variant SKU": "ferry-tee-m", "Variant Price": "21"},
        {"Handle": "ferry-tee"},
        {"Handle": "ferry-tee", "Option1 Value": "XXL", "Variant Inventory Qty": "many"},
    ]

    report = bring_in(tmp_path, merchant, rows)

    assert refusals(report) == [
        (2, "Variant Price", "bad_price"),
        (4, "Variant Price", "price_negative"),
        (5, "", "duplicate_options"),
        (6, "Variant SKU", "duplicate_sku"),
        (7, "", "empty_row"),
        (8, "Variant Inventory Qty", "bad_stock"),
    ]
    assert report.rows.as_plain() == {"in": 7, "created": 1, "updated": 0, "unchanged": 0, "refused": 6}
    assert report.details["partly_refused_products"] == 1
    assert Variant.objects.get().options == {"size": "M"}
    assert Product.objects.get().extra["Vendor"] == "Suzhou Creek"


@pytest.mark.parametrize(
    "fault, column, code",
    [
        ({"Title": ""}, "Title", "missing_value"),
        ({"Title": "x" * 201}, "Title", "too_long"),
        ({"Tags": ""}, "", "film_missing"),
        ({"Tags": "film:nothing-we-make"}, "", "unknown_film"),
        ({"Type": "Spaceships"}, "Product Category, Type", "unknown_category"),
        ({"Status": "maybe"}, "Status", "bad_status"),
        ({"Published": "maybe"}, "Published", "bad_status"),
    ],
)
def test_what_is_wrong_with_the_product_costs_all_its_rows(
    tmp_path: Path, merchant: Merchant, fault: dict[str, str], column: str, code: str
) -> None:
    rows = [
        TEE | {"Option1 Name": "Size", "Option1 Value": "S"} | fault,
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant Price": "21"},
        TEE | {"Handle": "good-tee"},
    ]

    report = bring_in(tmp_path, merchant, rows)

    expected_column = "Type, Product Category" if column == "Product Category, Type" else column
    assert refusals(report) == [(2, expected_column, code), (3, "", "product_refused")]
    assert report.rows.as_plain() == {"in": 3, "created": 1, "updated": 0, "unchanged": 0, "refused": 2}
    assert report.subjects.as_plain() == {"in": 2, "created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert Product.objects.get().sku == "good-tee"


def test_rows_of_one_product_have_to_stand_together(tmp_path: Path, merchant: Merchant) -> None:
    rows = [TEE, TEE | {"Handle": "other-tee"}, {"Handle": "ferry-tee", "Option1 Value": "M", "Variant Price": "21"}]

    report = bring_in(tmp_path, merchant, rows)

    assert refusals(report) == [(4, "Handle", "split_product")]
    assert Variant.objects.count() == 2


def test_the_currency_has_to_be_said(tmp_path: Path, merchant: Merchant) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, [TEE], currency="")

    assert refusal.value.code == "currency_missing"
    assert not Product.objects.exists()


def test_a_currency_without_a_market_is_reported(tmp_path: Path, merchant: Merchant) -> None:
    report = bring_in(tmp_path, merchant, [TEE, TEE | {"Handle": "b", "Variant Price": ""}], currency="GBP")

    assert report.details["without_market"] == [{"column": "Variant Price", "currency": "GBP", "values": 1}]
    assert Product.objects.get(sku="ferry-tee").extra["Variant Price"] == "19.90"
    assert not Price.objects.exists()


def test_a_product_without_a_licence_lands_and_stays_off_the_shelf(tmp_path: Path, merchant: Merchant) -> None:
    make_film("unlicensed")
    rows = [TEE, TEE | {"Handle": "pirate-tee", "Tags": "film:unlicensed"}]

    report = bring_in(tmp_path, merchant, rows)

    assert [(problem.line, problem.code) for problem in report.warnings.listed] == [(3, "no_licence")]
    assert Product.objects.get(sku="pirate-tee").licence is None
    assert [span.product.sku for span in ShelfSpan.objects.all()] == ["ferry-tee"]


def test_the_newer_header_is_read_too(tmp_path: Path, merchant: Merchant) -> None:
    header = ["Title", "URL handle", "Description", "Type", "Film", "Published on online store", "Status", "SKU"]
    header += ["Option1 name", "Option1 value", "Price", "Compare-at price", "Inventory quantity", "Product image URL"]
    row = {"Title": "Ferry tee", "URL handle": "ferry-tee", "Type": "t-shirts", "Film": "The Ferryman", "Price": "19.9"}
    row |= {"SKU": "FT", "Option1 name": "Title", "Option1 value": "Default Title", "Inventory quantity": "3"}

    report = bring_in(tmp_path, merchant, [row], header=header)

    assert report.format == "shopify"
    assert list(Product.objects.values_list("sku", "variants__sku", "variants__prices__amount")) == [
        ("ferry-tee", "FT", 1990)
    ]
    assert Variant.objects.get().options == {}


def test_columns_that_are_missing_are_named(tmp_path: Path, merchant: Merchant) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, [{"Name": "x"}], header=["Name"], format="shopify")

    assert refusal.value.code == "unknown_format"
    assert "Handle, Title" in refusal.value.sentence


def test_a_variant_that_gets_its_code_later_is_the_same_variant(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, [TEE])
    variant = Variant.objects.get()

    report = bring_in(tmp_path, merchant, [TEE | {"Variant SKU": "FT-1"}])

    assert report.rows.as_plain()["updated"] == 1
    assert list(Variant.objects.values_list("pk", "sku")) == [(variant.pk, "FT-1")]


def test_a_stock_never_falls_below_what_is_promised(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, [TEE | {"Variant Inventory Qty": "5"}])
    Stock.objects.update(reserved=4)

    first = bring_in(tmp_path, merchant, [TEE | {"Variant Inventory Qty": "1"}])
    second = bring_in(tmp_path, merchant, [TEE | {"Variant Inventory Qty": "1"}])

    assert [problem.code for problem in first.warnings.listed] == ["stock_below_reserved"]
    assert second.rows.as_plain()["unchanged"] == 1
    assert Stock.objects.get().on_hand == 4


def test_the_right_licence_is_chosen(tmp_path: Path, merchant: Merchant) -> None:
    film = merchant.licences.get().film
    for other in (make_licence(film, merchant, category=make_category("mugs")), make_licence(film, make_merchant())):
        assert other.pk
    make_licence(film, merchant, state="draft", number="A-0")
    late = make_licence(film, merchant, category=make_category("t-shirts"), ends_on="2030-12-31", number="A-1")
    make_licence(film, merchant, starts_on="2031-01-01", ends_on="2032-12-31", number="A-2")

    bring_in(tmp_path, merchant, [TEE])

    assert Product.objects.get().licence == late
