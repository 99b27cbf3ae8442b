"""JSON Lines: one product per line, whole or refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Image, Price, Product
from core.errors import Refused
from core.importing.report import Report
from merchants.models import Merchant
from tests.catalog.imports import bring_in, refusals, shop, snapshot, warnings

pytestmark = pytest.mark.django_db

TEE: dict[str, Any] = {
    "sku": "tee",
    "title": {"en": "Tee", "zh": "T恤"},
    "film": "the-ferryman",
    "category": "t-shirts",
}


@pytest.fixture
def merchant() -> Merchant:
    return shop("T-shirts")


def lines(folder: Path, *products: Any) -> Path:
    path = folder / "goods.jsonl"
    texts = [product if isinstance(product, str) else json.dumps(product, ensure_ascii=False) for product in products]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def refused(folder: Path, merchant: Merchant, *products: Any) -> Report:
    """The report of a file of which nothing lands."""
    report = bring_in(lines(folder, *products), merchant, format="jsonl")
    assert not Product.objects.exists()
    assert report.rows.as_plain()["refused"] == len(products)
    return report


def test_a_line_is_a_product_with_everything(tmp_path: Path, merchant: Merchant) -> None:
    product = TEE | {
        "description": {"en": "Soft", "zh": "柔软"},
        "state": "draft",
        "listing": "campaign",
        "reveals": "plot",
        "tax_class": "reduced",
        "on_sale_at": "2026-12-01T00:00:00+08:00",
        "street_on": "2026-12-24",
        "variants": [
            {
                "sku": "S",
                "options": {"size": "S"},
                "stock": 3,
                "gtin": "4006381333931",
                "prices": {"us": "19.90", "eu": "18"},
            },
            {"options": {"size": "M"}, "prices": {"us": "21.00"}},
        ],
        "images": [{"src": "https://p.example/1.jpg", "alt": {"en": "Front", "zh": "正面"}, "position": 4}],
        "extra": {"Vendor": "Suzhou Creek", "weights": [1, 2.5, None]},
    }

    report = bring_in(lines(tmp_path, product), merchant)

    tee = Product.objects.get()
    assert (report.format, refusals(report)) == ("jsonl", [])
    assert report.rows.as_plain() == {"in": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": 0}
    assert (tee.title_en, tee.title_zh, tee.description_zh) == ("Tee", "T恤", "柔软")
    assert (tee.state, tee.listing, tee.reveals, tee.tax_class) == ("draft", "campaign", "plot", "reduced")
    assert (tee.on_sale_at.isoformat(), tee.street_on.isoformat()) == ("2026-11-30T16:00:00+00:00", "2026-12-24")
    assert [variant.sku for variant in tee.variants.all()] == ["S", "tee-m"]
    assert Price.objects.count() == 3
    assert Image.objects.values_list("alt_zh", "position").get() == ("正面", 4)
    assert tee.extra == {"Vendor": "Suzhou Creek", "weights": [1, 2.5, None]}


def test_a_lone_product_needs_no_variants_and_a_title_may_be_one_text(tmp_path: Path, merchant: Merchant) -> None:
    product = TEE | {"title": "Tee &amp; more", "prices": {"us": "5"}, "stock": 1}

    report = bring_in(lines(tmp_path, product), merchant)

    assert refusals(report) == []
    assert warnings(report) == [(1, "title.en", "title_cleaned")]
    assert [told["variants"] for told in snapshot(merchant)] == [
        [{"sku": "tee", "options": {}, "gtin": "", "prices": [("us", 500)], "stock": [1]}]
    ]


@pytest.mark.parametrize(
    "change, column, code",
    [
        ({"sku": ""}, "sku", "missing_value"),
        ({"sku": 5}, "sku", "bad_type"),
        ({"sku": "x" * 81}, "sku", "too_long"),
        ({"title": {"zh": "T恤"}}, "title.en", "missing_value"),
        ({"title": {"en": "A", "fr": "B"}}, "title.fr", "bad_language"),
        ({"title": {"en": "x" * 201}}, "title.en", "too_long"),
        ({"title": ["A"]}, "title", "bad_type"),
        ({"title": {"en": "a\x00b"}}, "title.en", "control_character"),
        ({"film": "no such film"}, "film", "unknown_film"),
        ({"category": "no such"}, "category", "unknown_category"),
        ({"state": "sold"}, "state", "unknown_field"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"street_on": "tomorrow"}, "street_on", "bad_value"),
        ({"on_sale_at": "2026-12-01T00:00:00"}, "on_sale_at", "bad_value"),
        ({"prices": {"mars": "5"}}, "prices.mars", "unknown_market"),
        ({"prices": {"us": 5}}, "prices.us", "bad_value"),
        ({"prices": {"us": "1,299.00"}}, "prices.us", "bad_price"),
        ({"prices": {"us": "5 USD"}}, "prices.us", "bad_price"),
        ({"stock": True}, "stock", "bad_stock"),
        ({"stock": -1}, "stock", "bad_stock"),
        ({"gtin": "123"}, "gtin", "bad_value"),
        ({"variants": []}, "variants", "missing_value"),
        ({"variants": [5]}, "variants[0]", "bad_type"),
        ({"variants": [{"sku": "a"}], "stock": 5}, "stock", "bad_value"),
        ({"variants": [{"sku": "a"}, {"sku": "a", "options": {"size": "S"}}]}, "variants[1].sku", "duplicate_sku"),
        ({"variants": [{"sku": "a"}, {"sku": "b"}]}, "variants[1].options", "duplicate_options"),
        ({"variants": [{"options": {"size": 5}}]}, "variants[0].options.size", "bad_type"),
        ({"images": [{"src": "ftp://x"}]}, "images[0].src", "bad_image"),
        ({"images": [{"src": "https://x/1.jpg", "position": "1"}]}, "images[0].position", "bad_value"),
        ({"extra": {"_variants": "x"}}, "extra", "bad_value"),
        ({"extra": {"a": {"b": "\ud800"}}}, "extra.a.b", "control_character"),
        ({"extra": {"a": "x" * 100_001}}, "extra.a", "too_long"),
        ({"extra": {"a": 1e400}}, "", "bad_json"),
    ],
)
def test_a_line_with_a_fault_is_refused_by_its_path(
    tmp_path: Path, merchant: Merchant, change: dict[str, Any], column: str, code: str
) -> None:
    report = refused(tmp_path, merchant, json.dumps(TEE | change))

    assert refusals(report) == [(1, column, code)]


@pytest.mark.parametrize(
    "line, code",
    [
        ('{"sku": "a"', "bad_json"),
        ('{"sku": "a", "sku": "b"}', "bad_json"),
        ("[1, 2]", "bad_json"),
        ('{"stock": NaN}', "bad_json"),
        ('{"a": 1e999}', "bad_value"),
        ('{"extra": ' + "[" * 5_000 + "]" * 5_000 + "}", "bad_json"),
        ('{"extra": ' + "[" * 30 + "]" * 30 + "}", "bad_value"),
        ('{"sku": "' + "x" * (1 << 21) + '"}', "too_long"),
        ('{"extra": ' + "9" * 5_000 + "}", "bad_json"),
    ],
)
def test_a_hostile_line_costs_itself_only(tmp_path: Path, merchant: Merchant, line: str, code: str) -> None:
    report = bring_in(lines(tmp_path, TEE, line, TEE | {"sku": "cap"}), merchant)

    assert [(at, found) for at, _column, found in refusals(report)] == [(2, code)]
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["cap", "tee"]


def test_a_product_stands_once(tmp_path: Path, merchant: Merchant) -> None:
    report = bring_in(lines(tmp_path, TEE, "", TEE), merchant)

    assert refusals(report) == [(3, "sku", "duplicate_row")]


def test_a_fixture_is_refused_with_what_to_do(shared_data: Path, merchant: Merchant) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(shared_data / "catalogs/saleor_populatedb_data.json", merchant)

    assert refusal.value.code == "unknown_format"
    assert "Saleor" in refusal.value.sentence


@pytest.mark.parametrize("text", ['[{"sku": "a"}]', '{\n"sku": "a"\n}\n'])
def test_json_of_another_kind_is_refused_by_name(tmp_path: Path, merchant: Merchant, text: str) -> None:
    path = tmp_path / "goods.json"
    path.write_text(text)

    with pytest.raises(Refused) as refusal:
        bring_in(path, merchant)

    assert "JSON Lines" in refusal.value.sentence
