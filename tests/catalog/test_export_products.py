"""What goes out can come back: Shopify's form cell by cell, JSON Lines byte by byte."""

import csv
import io
import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.exporting.run import export_products, export_to
from catalog.importing.shopify import Header
from catalog.models import Image, Price, Product, Variant
from core.errors import Refused
from merchants.models import Merchant
from tests.catalog.imports import bring_in, refusals, shop, snapshot
from tests.catalog.test_import_shopify import HEADER, TEE
from tests.factories import make_licence, make_merchant

pytestmark = pytest.mark.django_db

Row = dict[str, str]


@pytest.fixture
def merchant() -> Merchant:
    return shop("T-shirts", "Mugs")


def write(path: Path, rows: list[Row], header: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def exported(merchant: Merchant, **options: Any) -> list[Row]:
    return list(csv.DictReader(io.StringIO("".join(export_products(merchant, **options)), newline="")))


def text_of(merchant: Merchant, **options: Any) -> str:
    return "".join(export_products(merchant, **options))


def another_shop(merchant: Merchant) -> Merchant:
    """A second merchant with the same licence: what comes out of the one goes into the other."""
    other = make_merchant("another-shop")
    make_licence(merchant.licences.get().film, other)
    return other


def comparable(merchant: Merchant) -> list[dict[str, Any]]:
    """Without the number of the licence, which is each merchant's own."""
    return [told | {"belongs": told["belongs"][:2]} for told in snapshot(merchant)]


FULL: list[Row] = [
    TEE
    | {
        "Body (HTML)": "<p>Soft &amp; warm</p>",
        "Vendor": "Suzhou Creek",
        "Option1 Name": "Size",
        "Option1 Value": "S",
        "Option2 Name": "Color",
        "Option2 Value": "Midnight",
        "Variant SKU": "FT-S",
        "Variant Grams": "200",
        "Variant Inventory Qty": "12",
        "Variant Compare At Price": "29.90",
        "Variant Barcode": "'4006381333931",
        "Image Src": "https://pictures.example/1.jpg",
        "Image Position": "1",
        "Image Alt Text": "From the front",
        "SEO Title": "=1+1",
        "Fit (product.metafields.custom.fit)": "loose",
    },
    {
        "Handle": "ferry-tee",
        "Option1 Value": "M",
        "Option2 Value": "Midnight",
        "Variant SKU": "FT-M",
        "Variant Grams": "200",
        "Variant Price": "21.00",
        "Variant Barcode": "not a barcode",
        "Variant Tax Code": "P0000",
        "Image Src": "https://pictures.example/2.jpg",
        "Image Position": "2",
    },
    {
        "Handle": "ferry-tee",
        "Image Src": "https://pictures.example/3.jpg",
        "Image Position": "3",
        "Fit (product.metafields.custom.fit)": "a picture's own",
    },
    TEE
    | {
        "Handle": "ferry-mug",
        "Title": "Ferry mug",
        "Type": "Mugs",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Variant Price": "9.00",
        "Published": "FALSE",
        "Status": "unlisted",
    },
    TEE | {"Handle": "ferry-hat", "Option1 Name": "Title", "Option1 Value": "Default Title", "Published": "true"},
    TEE
    | {"Handle": "ferry-bag", "Option1 Name": "Title", "Option1 Value": "Default Title"}
    | {"Published": "false", "Status": ""},
]
FULL_HEADER = [*HEADER, "Fit (product.metafields.custom.fit)"]


def test_a_shopify_file_comes_back_cell_by_cell(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL, FULL_HEADER), merchant, currency="USD")

    rows = exported(merchant)

    assert list(rows[0]) == FULL_HEADER
    assert rows == [dict.fromkeys(FULL_HEADER, "") | row for row in FULL]


def test_pictures_come_back_on_the_rows_they_stood_on(tmp_path: Path, merchant: Merchant) -> None:
    size = {"Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "S"}
    rows = [
        TEE | size,
        {"Handle": "ferry-tee", "Option1 Value": "M", "Variant SKU": "M", "Variant Price": "21.00"},
        {"Handle": "ferry-tee", "Image Src": "https://pictures.example/1.jpg", "Image Position": "1"},
        {"Handle": "ferry-tee", "Image Src": "https://pictures.example/2.jpg", "Image Position": "2"},
    ]
    bring_in(write(tmp_path / "in.csv", rows, HEADER), merchant, currency="USD")

    assert exported(merchant) == [dict.fromkeys(HEADER, "") | row for row in rows]


def test_out_and_in_again_changes_nothing(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL, FULL_HEADER), merchant, currency="USD")
    before = snapshot(merchant)
    path = tmp_path / "out.csv"
    export_to(path, export_products(merchant))

    report = bring_in(path, merchant, currency="USD")

    assert report.rows.as_plain() == {"in": 6, "created": 0, "updated": 0, "unchanged": 6, "refused": 0}
    assert snapshot(merchant) == before


def test_what_has_changed_here_goes_out_as_it_is_now(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL, FULL_HEADER), merchant, currency="USD")
    tee = Product.objects.get(sku="ferry-tee")
    Product.objects.filter(pk=tee.pk).update(description_en="New words", state="archived", title_en="New tee")
    Variant.objects.filter(sku="FT-S").update(gtin="")
    Variant.objects.filter(sku="FT-M").delete()
    Image.objects.filter(source__endswith="3.jpg").delete()

    first, second = exported(merchant)[:2]

    assert (first["Title"], first["Body (HTML)"], first["Status"]) == ("New tee", "New words", "archived")
    assert first["Variant Barcode"] == ""
    assert (second["Variant SKU"], second["Image Src"]) == ("", "https://pictures.example/2.jpg")


def test_film_and_category_are_found_again_whoever_gave_them(tmp_path: Path, merchant: Merchant) -> None:
    table = write(tmp_path / "in.csv", [{"Code": "a", "Name": "Mug"}], ["Code", "Name"])
    mapping = '[columns]\nsku="Code"\ntitle="Name"\n[film]\nfixed="the-ferryman"\n[category]\nfixed="mugs"\n'
    bring_in(table, merchant, mapping)
    path = tmp_path / "out.csv"
    export_to(path, export_products(merchant, market="us"))

    other = another_shop(merchant)
    report = bring_in(path, other, currency="USD")

    assert refusals(report) == []
    assert [told["belongs"] for told in comparable(other)] == [("the-ferryman", "mugs")]


_WORDS = st.text(
    alphabet=st.one_of(
        st.sampled_from("abc &;<>=+-@'\"\n,影片é|\t"), st.characters(exclude_categories=["C", "Zl", "Zp"])
    ),
    max_size=20,
)


@st.composite
def shopify_rows(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(1, 3))):
        sizes = draw(st.lists(st.sampled_from("SML"), min_size=1, max_size=3, unique=True))
        for at, size in enumerate(sizes):
            row = {
                "Handle": f"thing-{number}",
                "Option1 Value": size,
                "Variant SKU": draw(st.sampled_from(["", f"{number}-{size}"])),
                "Variant Price": draw(st.sampled_from(["", "5", "7.50", "0.99"])),
                "Variant Inventory Qty": draw(st.sampled_from(["", "0", "3"])),
                "Variant Tax Code": draw(_WORDS),
                "Colour (metafield)": draw(_WORDS),
            }
            if at == 0:
                row |= {"Title": f"T{draw(_WORDS)}", "Body (HTML)": draw(_WORDS), "Vendor": draw(_WORDS)}
                row |= {
                    "Type": "Mugs",
                    "Tags": "film:the-ferryman",
                    "Option1 Name": draw(st.sampled_from(["Size", "SIZE"])),
                }
                row |= {"Status": draw(st.sampled_from(["", "active", "draft", "unlisted"]))}
            rows.append(row)
        for picture in range(draw(st.integers(0, 2))):
            rows.append({"Handle": f"thing-{number}", "Image Src": f"https://pictures.example/{picture}.jpg",
                         "Image Position": str(picture + 1), "Colour (metafield)": draw(_WORDS)})  # fmt: skip
    return rows


_ROUND_TRIP = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@_ROUND_TRIP
@given(rows=shopify_rows())
def test_shopify_in_out_in_is_the_same(tmp_path: Path, merchant: Merchant, rows: list[Row]) -> None:
    header = [*HEADER, "Colour (metafield)"]
    first, second = make_merchant(), make_merchant()
    for one in (first, second):
        make_licence(merchant.licences.get().film, one)
    bring_in(write(tmp_path / "in.csv", rows, header), first, currency="USD")
    export_to(tmp_path / "out.csv", export_products(first, market="us"))

    bring_in(tmp_path / "out.csv", second, currency="USD")
    again = bring_in(tmp_path / "out.csv", first, currency="USD")

    assert comparable(second) == comparable(first)
    assert text_of(second, market="us") == text_of(first, market="us")
    assert again.rows.as_plain()["unchanged"] == again.rows.came_in
    assert text_of(second, format="jsonl") == text_of(first, format="jsonl")


# -- JSON Lines -------------------------------------------------------------------------------------
def test_json_lines_hold_everything_and_come_back_byte_by_byte(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL, FULL_HEADER), merchant, currency="USD")
    Product.objects.filter(sku="ferry-tee").update(
        title_zh="渡船T恤", description_zh="柔软", tax_class="reduced", street_on=date(2026, 12, 1),
        on_sale_at=datetime(2026, 11, 30, 12, 30, tzinfo=UTC),
    )  # fmt: skip
    Image.objects.filter(source__endswith="1.jpg").update(alt_zh="正面")
    out = text_of(merchant, format="jsonl")
    path, other = tmp_path / "out.jsonl", another_shop(merchant)
    path.write_text(out, encoding="utf-8")

    report = bring_in(path, other)

    assert (report.format, refusals(report)) == ("jsonl", [])
    assert text_of(other, format="jsonl") == out
    assert bring_in(path, other).rows.as_plain() == {
        "in": 4, "created": 0, "updated": 0, "unchanged": 4, "refused": 0
    }  # fmt: skip
    assert text_of(other, format="shopify") == text_of(merchant, format="shopify")
    told = json.loads(out.splitlines()[0])
    assert told["variants"][0] == {
        "sku": "FT-S",
        "options": {"colour": "Midnight", "size": "S"},
        "gtin": "4006381333931",
        "stock": 12,
        "prices": {"us": "19.90"},
    }


@st.composite
def json_products(draw: st.DrawFn) -> list[dict[str, Any]]:
    """As another program may write them."""
    names = ["size", "colour", "fit", "length"]
    products = []
    for number in range(draw(st.integers(1, 3))):
        choices = draw(st.lists(st.tuples(*[st.sampled_from("abc")] * 4), min_size=1, max_size=3, unique=True))
        variants = [
            {"options": dict(zip(names, choice, strict=True)), "prices": {"us": draw(st.sampled_from(["1", "2.50"]))}}
            for choice in choices
        ]
        images = [
            {"src": f"https://pictures.example/{at}.jpg", "alt": draw(_WORDS)}
            | ({"position": at + 3} if draw(st.booleans()) else {})
            for at in range(draw(st.integers(0, 3)))
        ]
        title = {"en": f"T{draw(_WORDS)}", "zh": draw(_WORDS)}
        extra = draw(
            st.dictionaries(st.sampled_from(["a", "b", "Vendor"]), st.one_of(_WORDS, st.integers(), st.none()))
        )
        products.append(
            {"sku": f"p{number}", "title": title, "description": draw(_WORDS), "film": "the-ferryman", "category": "mugs",
             "variants": variants, "extra": extra, "images": images}
        )  # fmt: skip
    return products


@_ROUND_TRIP
@given(products=json_products())
def test_json_lines_in_out_in_are_the_same(tmp_path: Path, merchant: Merchant, products: list[dict[str, Any]]) -> None:
    first, second, third = make_merchant(), make_merchant(), make_merchant()
    for one in (first, second, third):
        make_licence(merchant.licences.get().film, one)
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps(product) for product in products), encoding="utf-8")
    report = bring_in(path, first)
    assert refusals(report) == []

    out = text_of(first, format="jsonl")
    (tmp_path / "out.jsonl").write_text(out, encoding="utf-8")
    bring_in(tmp_path / "out.jsonl", second)
    export_to(tmp_path / "out.csv", export_products(first, market="us"))
    bring_in(tmp_path / "out.csv", third, currency="USD")

    assert text_of(second, format="jsonl") == out
    # Shopify's form keeps four options as well.
    assert [told["variants"] for told in comparable(third)] == [told["variants"] for told in comparable(first)]


# -- the plain table --------------------------------------------------------------------------------
def test_the_plain_table_runs_no_formula_and_comes_back(tmp_path: Path, merchant: Merchant) -> None:
    rows = [TEE | {"Title": "=cmd|' /C calc'!A0", "Option1 Name": "Size", "Option1 Value": "-1", "Variant SKU": "a"}]
    bring_in(write(tmp_path / "in.csv", rows, HEADER), merchant, currency="USD")
    path, other = tmp_path / "out.csv", another_shop(merchant)
    export_to(path, export_products(merchant, format="csv"))

    report = bring_in(path, other)

    (row,) = exported(merchant, format="csv")
    assert (row["title"], row["option size"], row["price us USD"]) == ("'=cmd|' /C calc'!A0", "'-1", "19.90")
    assert (report.format, refusals(report)) == ("csv", [])
    known = [told | {"extra": {}} for told in comparable(other)]
    assert known == [told | {"extra": {}} for told in comparable(merchant)]


# -- the command ------------------------------------------------------------------------------------
def test_the_command_writes_the_file_whole(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL, FULL_HEADER), merchant, currency="USD")
    path, out = tmp_path / "out.csv", StringIO()

    call_command("export_products", path, merchant=merchant.slug, stdout=out)

    assert path.read_text(encoding="utf-8") == text_of(merchant)
    assert out.getvalue() == f"{path}: {path.stat().st_size} bytes\n"
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith(".")] == []


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path, merchant: Merchant) -> None:
    path = tmp_path / "out.csv"
    path.write_text("what was there")

    with pytest.raises(ZeroDivisionError):
        export_to(path, (str(1 // number) for number in (1, 0)))

    assert [found.name for found in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "what was there"


@pytest.mark.parametrize(
    "options, code",
    [
        ({"merchant": "nobody"}, "unknown_merchant"),
        ({"market": "mars"}, "unknown_market"),
        ({}, "market_missing"),
    ],
)
def test_an_export_that_cannot_be_made_is_refused(
    tmp_path: Path, merchant: Merchant, options: dict[str, str], code: str
) -> None:
    bring_in(write(tmp_path / "in.csv", FULL[:1], FULL_HEADER), merchant, currency="USD")
    bring_in(write(tmp_path / "in.csv", FULL[:1], FULL_HEADER), merchant, currency="EUR")

    with pytest.raises(CommandError, match=code):
        call_command("export_products", tmp_path / "out.csv", **({"merchant": merchant.slug} | options))

    assert not (tmp_path / "out.csv").exists()


def test_a_format_that_is_none_is_refused(merchant: Merchant) -> None:
    with pytest.raises(Refused) as refusal:
        export_products(merchant, format="xml")

    assert refusal.value.code == "unknown_format"


def test_only_the_price_in_force_goes_out(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(write(tmp_path / "in.csv", FULL[:1], FULL_HEADER), merchant, currency="USD")
    bring_in(write(tmp_path / "in.csv", [FULL[0] | {"Variant Price": "15.00"}], FULL_HEADER), merchant, currency="USD")

    assert Price.objects.count() == 2
    assert [row["Variant Price"] for row in exported(merchant)] == ["15.00"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_costs_the_same_queries(
    tmp_path: Path, merchant: Merchant, count: int, django_assert_num_queries: Any
) -> None:
    rows = [
        TEE | {"Handle": f"tee-{number}", "Image Src": f"https://p.example/{number}.jpg"} for number in range(count)
    ]
    bring_in(write(tmp_path / "in.csv", rows, HEADER), merchant, currency="USD")

    with django_assert_num_queries(6):
        assert len(text_of(merchant, format="jsonl").splitlines()) == count


def test_the_header_is_known_without_regard_to_case() -> None:
    assert Header(["HANDLE"]).first(["Handle"]) == "HANDLE"
