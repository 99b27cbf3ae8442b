"""Products from any table through a mapping: the real file, hostile ones, and the counts that have to hold."""

import csv
import io
import json
import time
import tomllib
import tracemalloc
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from accounts.models import AuditEntry
from catalog.importing import run
from catalog.importing.run import import_products
from catalog.models import Price, Product, SearchDocument, ShelfSpan, Variant
from core.errors import Refused
from core.importing import files
from core.importing.report import Report
from core.importing.sentences import PROBLEMS
from films.models import Embargo
from merchants.models import Merchant
from tests.conftest import ROOT
from tests.factories import NOW, make_category, make_film, make_licence, make_market, make_merchant

pytestmark = pytest.mark.django_db

#: Small pages, to see many of them in a short test.
PAGE = 300
REAL_MAPPING = ROOT / "demo/mappings/licensed_film_sets.toml"
MAPPING = """
missing = ["NA"]
[columns]
sku = "Code"
title = "Name"
stock = "Pieces"
[prices]
USD = "USD"
EUR = "EUR"
[film]
column = "Film"
[category]
fixed = "mugs"
"""
HEADER = "Code,Name,Film,USD,EUR,Pieces"


@pytest.fixture
def merchant() -> Merchant:
    make_market("us")
    make_market("eu")
    make_category("mugs")
    merchant = make_merchant("suzhou-creek")
    make_licence(make_film("the-ferryman", title_en="The Ferryman", title_zh="摆渡人"), merchant)
    return merchant


def bring_in(
    tmp_path: Path, merchant: Merchant, content: str | bytes, mapping: str = MAPPING, **options: Any
) -> Report:
    path, mapping_path = tmp_path / "goods.csv", tmp_path / "mapping.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    mapping_path.write_text(mapping, encoding="utf-8")
    return import_products(path, merchant, by=None, mapping_path=mapping_path, **options)


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def refusals(report: Report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.refusals.in_order()]


def prices() -> list[tuple[str, str, int]]:
    return list(Price.objects.order_by("pk").values_list("variant__sku", "market__code", "amount"))


# -- the real file ----------------------------------------------------------------------------------
@pytest.fixture
def real_rows(shared_data: Path, merchant: Merchant) -> list[dict[str, str]]:
    """The licensed sets file; every property but one is a film here, and one of them is licensed."""
    with (shared_data / "catalogs/licensed_film_sets_400.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    make_category("models")
    for theme in sorted({row["Theme"] for row in rows} - {"Cars"}):
        film = make_film(title_en=theme)
        if theme == "Star Wars":
            make_licence(film, merchant)
    return rows


def test_the_real_file_lands_with_every_price_that_has_a_market(
    shared_data: Path, merchant: Merchant, real_rows: list[dict[str, str]]
) -> None:
    path = shared_data / "catalogs/licensed_film_sets_400.csv"

    report = import_products(path, merchant, by=None, mapping_path=REAL_MAPPING)

    cars = [number for number, row in enumerate(real_rows, 2) if row["Theme"] == "Cars"]
    landed = [row for row in real_rows if row["Theme"] != "Cars"]
    assert refusals(report) == [(line, "Theme", "unknown_film") for line in cars]
    assert report.rows.as_plain() == {
        "in": 400, "created": 400 - len(cars), "updated": 0, "unchanged": 0, "refused": len(cars)
    }  # fmt: skip
    expected = {
        (row["Item_Number"], market, round(float(row[column]) * 100))
        for row in landed
        for column, market in (("USD_MSRP", "us"), ("EUR_MSRP", "eu"))
        if row[column] not in ("NA", "0")
    }
    assert set(prices()) == expected
    assert report.details["without_market"] == [
        {"column": column, "currency": column[:3], "values": sum(row[column] not in ("NA", "0") for row in landed)}
        for column in ("GBP_MSRP", "CAD_MSRP")
    ]
    assert {product.title_en for product in Product.objects.all()} == {" ".join(row["Name"].split()) for row in landed}
    assert Product.objects.values("slug").distinct().count() == len(landed)
    assert SearchDocument.objects.count() == len(landed)
    on_shelf = set(ShelfSpan.objects.values_list("product__sku", flat=True))
    assert on_shelf == {sku for sku, _market, _amount in expected if sku in _star_wars(real_rows)}
    assert report.warnings.codes == {"no_licence": len(landed) - len(_star_wars(real_rows))}


def _star_wars(rows: list[dict[str, str]]) -> set[str]:
    return {row["Item_Number"] for row in rows if row["Theme"] == "Star Wars"}


def test_the_real_file_again_changes_nothing(
    shared_data: Path, merchant: Merchant, real_rows: list[dict[str, str]]
) -> None:
    path = shared_data / "catalogs/licensed_film_sets_400.csv"
    import_products(path, merchant, by=None, mapping_path=REAL_MAPPING)
    before = list(Product.objects.order_by("pk").values()), prices(), AuditEntry.objects.count()

    report = import_products(path, merchant, by=None, mapping_path=REAL_MAPPING)

    counts = report.rows.as_plain()
    assert (counts["created"], counts["updated"], counts["unchanged"]) == (0, 0, Product.objects.count())
    assert (list(Product.objects.order_by("pk").values()), prices(), AuditEntry.objects.count()) == before


def test_a_dry_run_says_the_same_and_writes_nothing(
    shared_data: Path, merchant: Merchant, real_rows: list[dict[str, str]]
) -> None:
    path = shared_data / "catalogs/licensed_film_sets_400.csv"

    rehearsal = import_products(path, merchant, by=None, mapping_path=REAL_MAPPING, is_dry_run=True)

    assert not Product.objects.exists()
    assert not AuditEntry.objects.exists()
    report = import_products(path, merchant, by=None, mapping_path=REAL_MAPPING)
    assert rehearsal.as_plain() == report.as_plain() | {"dry_run": True}


@pytest.mark.parametrize(
    "name, code",
    [
        ("google_merchant_feed_example.xml", "unknown_format"),
        ("licensed_film_sets_400.csv", "unknown_format"),
        ("saleor_populatedb_data.json", "unknown_format"),
        ("spree_LICENSE.txt", "unknown_format"),
        ("woocommerce_sample_products.csv", "currency_missing"),
    ],
)
def test_a_file_that_cannot_be_taken_as_it_is_is_refused_with_words(
    shared_data: Path, merchant: Merchant, tmp_path: Path, name: str, code: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command(
            "import_products", shared_data / "catalogs" / name, merchant="suzhou-creek", report=tmp_path / "out.json"
        )

    assert refusal.value.returncode == 2
    assert f"[{code}]" in str(refusal.value)
    assert f'"code": "{code}"' in (tmp_path / "out.json").read_text()
    assert not Product.objects.exists()


@pytest.mark.parametrize("name, rows", [("spree_products.csv", 211), ("spree_product_translations.csv", 74)])
def test_of_a_file_without_films_and_products_every_row_is_refused(
    shared_data: Path, merchant: Merchant, name: str, rows: int
) -> None:
    report = import_products(shared_data / "catalogs" / name, merchant, by=None)

    assert report.rows.as_plain() == {"in": rows, "created": 0, "updated": 0, "unchanged": 0, "refused": rows}
    assert not Product.objects.exists()


# -- the command ------------------------------------------------------------------------------------
def test_the_exit_code_tells_refused_rows_from_none(tmp_path: Path, merchant: Merchant) -> None:
    path, mapping = tmp_path / "goods.csv", tmp_path / "map.toml"
    path.write_text(table("a,Mug,The Ferryman,9.99,NA,3"))
    mapping.write_text(MAPPING)
    out = StringIO()

    call_command("import_products", path, merchant="suzhou-creek", map=mapping, stdout=out)
    path.write_text(table("a,Mug,The Ferryman,9.99,NA,3", "b,Mug,The Ferryman,0,,"))
    with pytest.raises(CommandError) as refusal:
        call_command("import_products", path, merchant="suzhou-creek", map=mapping, stdout=StringIO())

    assert "rows: 1 in = 1 created + 0 updated + 0 unchanged + 0 refused" in out.getvalue()
    assert refusal.value.returncode == 1


@pytest.mark.parametrize("options", [{"merchant": "nobody"}, {"merchant": "suzhou-creek", "report": "no/such/x.json"}])
def test_an_order_that_cannot_be_carried_out_is_refused(
    tmp_path: Path, merchant: Merchant, options: dict[str, str]
) -> None:
    path = tmp_path / "goods.csv"
    path.write_text(table("a,Mug,The Ferryman,9.99,NA,3"))
    told = {name: Path(value) if name == "report" else value for name, value in options.items()}

    with pytest.raises(CommandError) as refusal:
        call_command("import_products", path, **told)

    assert refusal.value.returncode == 2
    assert not Product.objects.exists()


# -- single cells -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell, code",
    [
        ("abc", "bad_price"),
        ('"1,299.00"', "bad_price"),
        ("$5", "bad_price"),
        ("1e3", "bad_price"),
        ("９.９９", "bad_price"),
        ("nan", "bad_price"),
        ("=1+1", "bad_price"),
        ("9999999999999", "bad_price"),
        ("-1", "price_negative"),
        ("0", "price_zero"),
        ("0.00", "price_zero"),
        ("9.999", "price_decimals"),
    ],
)
def test_a_bad_price_refuses_its_row_by_name(tmp_path: Path, merchant: Merchant, cell: str, code: str) -> None:
    report = bring_in(tmp_path, merchant, table(f"a,Mug,The Ferryman,{cell},5,3", "b,Mug,The Ferryman,7,5,3"))

    assert refusals(report) == [(2, "USD", code)]
    assert prices() == [("b", "us", 700), ("b", "eu", 500)]


@pytest.mark.parametrize("cell, amount", [("7", 700), ("7.5", 750), ("7.50", 750), ("7.500", 750), (" 7 ", 700)])
def test_a_good_price_is_whole_cents(tmp_path: Path, merchant: Merchant, cell: str, amount: int) -> None:
    bring_in(tmp_path, merchant, table(f"a,Mug,The Ferryman,{cell},NA,3"))

    assert prices() == [("a", "us", amount)]


def test_a_bad_row_is_told_by_line_and_column_and_the_good_ones_land(tmp_path: Path, merchant: Merchant) -> None:
    content = table(
        "a,Mug,The Ferryman,7,NA,3",
        "a,Mug again,The Ferryman,7,NA,3",
        "b,Mug,Some other film,7,NA,3",
        ",Mug,The Ferryman,7,NA,3",
        "c,,The Ferryman,7,NA,3",
        "d,Mug,,7,NA,3",
        "e,Mug,The Ferryman,7,NA",
        "f,Mug,The Ferryman,7,NA,3,4",
        "g,Mug,The Ferryman,7,NA,3.5",
        "h,Mug\x00,The Ferryman,7,NA,3",
        "i,Mug\x07,The Ferryman,7,NA,3",
        "j," + "x" * 1_000_000 + ",The Ferryman,7,NA,3",
        "k" * 81 + ",Mug,The Ferryman,7,NA,3",
        'l,"Mug" of tea,The Ferryman,7,NA,3',
        "",
        ",,,,,",
        '"m","A mug,\nwith ""quotes""",摆渡人,7,NA,3',
        "n,=cmd|' /C calc'!A0,the-ferryman,7,NA,3",
    )

    report = bring_in(tmp_path, merchant, content)

    assert refusals(report) == [
        (3, "Code", "duplicate_row"),
        (4, "Film", "unknown_film"),
        (5, "Code", "missing_value"),
        (6, "Name", "missing_value"),
        (7, "Film", "film_missing"),
        (8, "", "ragged_row"),
        (9, "", "ragged_row"),
        (10, "Pieces", "bad_stock"),
        (11, "Name", "control_character"),
        (12, "Name", "control_character"),
        (13, "Name", "too_long"),
        (14, "Code", "too_long"),
        (15, "", "bad_quotes"),
    ]
    assert all(problem.sentence for problem in report.refusals.listed)
    assert report.rows.as_plain() == {"in": 16, "created": 3, "updated": 0, "unchanged": 0, "refused": 13}
    assert list(Product.objects.order_by("pk").values_list("sku", "title_en")) == [
        ("a", "Mug"),
        ("m", 'A mug, with "quotes"'),
        ("n", "=cmd|' /C calc'!A0"),
    ]


def test_entities_tags_and_garbled_letters_are_mended_and_told(tmp_path: Path, merchant: Merchant) -> None:
    content = table(
        "a,Tom &amp; Jerry&#39;s <b>mug</b>,The Ferryman,7,NA,3",
        "b,Caf\u00c3\u00a9 mug,The Ferryman,7,NA,3",
        "c,Caf\ufffd mug,The Ferryman,7,NA,3",
        "d,\u00b5\u00e7\u00d3\u00b0 mug,The Ferryman,7,NA,3",
        "e,Fran\u00e7ois' mug – №1,The Ferryman,7,NA,3",
        "f,\u951f\u65a4\u62f7 mug,The Ferryman,7,NA,3",
    )

    report = bring_in(tmp_path, merchant, content)

    assert list(Product.objects.order_by("pk").values_list("title_en", flat=True)) == [
        "Tom & Jerry's mug",
        "Café mug",
        "Caf\ufffd mug",
        "\u00b5\u00e7\u00d3\u00b0 mug",
        "Fran\u00e7ois' mug – №1",
        "\u951f\u65a4\u62f7 mug",
    ]
    assert [(problem.line, problem.code, problem.facts) for problem in report.warnings.listed] == [
        (2, "title_cleaned", {"value": "Tom &amp; Jerry&#39;s <b>mug</b>", "instead": "Tom & Jerry's mug"}),
        (3, "repaired_text", {"value": "Caf\u00c3\u00a9 mug", "instead": "Café mug"}),
        (4, "damaged_text", {"value": "Caf\ufffd mug"}),
        # What it may have been is told, and not stored.
        (5, "garbled_text", {"value": "\u00b5\u00e7\u00d3\u00b0 mug", "instead": "电影 mug"}),
        (7, "damaged_text", {"value": "\u951f\u65a4\u62f7 mug"}),
    ]


def test_two_films_of_one_title_are_never_guessed_between(tmp_path: Path, merchant: Merchant) -> None:
    licensed = make_film("batman-1989", title_en="Batman")
    make_film("batman-1966", title_en="Batman")
    row = "a,Mug,Batman,7,NA,3"

    refused = bring_in(tmp_path, merchant, table(row))
    make_licence(licensed, merchant)
    taken = bring_in(tmp_path, merchant, table(row))

    assert refusals(refused) == [(2, "Film", "ambiguous_film")]
    assert "batman-1966, batman-1989" in refused.refusals.listed[0].sentence
    assert refusals(taken) == []
    assert Product.objects.get().film == licensed


def test_a_film_whose_title_is_secret_is_unknown_to_merchants_without_a_licence(
    tmp_path: Path, merchant: Merchant
) -> None:
    for slug in ("secret-and-licensed", "secret"):
        Embargo.objects.create(film=make_film(slug), tier="title", lifts_at=NOW.replace(year=2090))
    make_licence(make_film("open"), merchant)
    make_licence(Embargo.objects.get(film__slug="secret-and-licensed").film, merchant)

    report = bring_in(tmp_path, merchant, table("a,Mug,secret,7,NA,3", "b,Mug,secret-and-licensed,7,NA,3"))

    assert refusals(report) == [(2, "Film", "unknown_film")]


# -- whole files ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "file_unreadable"),
        (b"\n \n", "file_unreadable"),
        (b"\xef\xbb\xbf", "file_unreadable"),
        (table("a,Кружка,The Ferryman,7,NA,3").encode("cp1251"), "file_unreadable"),
        (table("a,Mug,The Ferryman,7,NA,3").encode("utf-16-le"), "file_unreadable"),
        (b"PK\x03\x04 a workbook", "file_unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook", "unknown_format"),
        (b"\x89PNG\r\n\x1a\n", "unknown_format"),
        (b'[{"sku": "a"}]', "unknown_format"),
        (b"<rss></rss>", "unknown_format"),
        (b"a,Mug,The Ferryman,7,NA,3\n", "header_missing"),
        (b"a,Mug,The Ferryman,7.50\nb,Cup,The Ferryman,3\n", "header_missing"),
        (b"a,https://p.example/1.jpg\n", "header_missing"),
        (b"5,5,Mug\n6,6,Cup\n", "header_missing"),
        (b"one,two,three\n1,2,3\n", "bad_mapping"),
        (b"Code,_variants\n1,2\n", "file_unreadable"),
        (",".join(f"c{n}" for n in range(1_000_000)).encode(), "file_unreadable"),
        (b"x" * (3 << 20), "file_unreadable"),
        (b"Code,Name,Film,USD,USD,Pieces\na,b,c,1,2,3\n", "file_unreadable"),
        (b'"Code,Name\na,b\n', "file_unreadable"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_nothing_is_written(
    tmp_path: Path, merchant: Merchant, content: bytes, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, content)

    assert refusal.value.code == code
    assert refusal.value.sentence != code
    assert not Product.objects.exists()


def test_an_encoding_that_cannot_be_told_is_refused_with_its_line(tmp_path: Path, merchant: Merchant) -> None:
    content = table("a,Mug,The Ferryman,7,NA,3", "b,Кружка,The Ferryman,7,NA,3").encode("cp1251")

    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, content)
    report = bring_in(tmp_path, merchant, content, encoding="cp1251")

    assert refusal.value.facts["line"] == 3
    assert "line 3 holds a byte (0xCA)" in refusal.value.sentence
    assert report.notes[0] == "read as CP1251"
    assert list(Product.objects.order_by("pk").values_list("title_en", flat=True)) == ["Mug", "Кружка"]


@pytest.mark.parametrize(
    "encoding, title, note",
    [
        ("cp1252", "Tasse “Été” à café", ["read as Windows-1252"]),
        ("gb18030", "摆渡人电影马克杯", ["read as GB18030"]),
        ("utf-16", "摆渡人 Été", ["read as UTF-16"]),
        ("utf-8-sig", "摆渡人 Été", []),
        ("utf-8", "摆渡人 Été", []),
    ],
)
def test_the_same_table_lands_in_every_encoding(
    tmp_path: Path, merchant: Merchant, encoding: str, title: str, note: list[str]
) -> None:
    report = bring_in(tmp_path, merchant, table(f"a,{title},The Ferryman,7,NA,3").encode(encoding))

    assert refusals(report) == []
    assert Product.objects.get().title_en == title
    assert [line for line in report.notes if line.startswith("read as")] == note


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_byte_order_marks_make_no_difference(
    tmp_path: Path, merchant: Merchant, delimiter: str, newline: str, start: bytes
) -> None:
    lines = [HEADER, "a,Mug,The Ferryman,7,NA,3", "b,Cup,The Ferryman,abc,NA,3"]
    content = newline.join(line.replace(",", delimiter) for line in lines).encode()

    report = bring_in(tmp_path, merchant, start + content)

    assert refusals(report) == [(3, "USD", "bad_price")]
    assert Product.objects.get().sku == "a"


def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path, merchant: Merchant) -> None:
    report = bring_in(tmp_path, merchant, HEADER)

    assert report.rows.as_plain() == {"in": 0, "created": 0, "updated": 0, "unchanged": 0, "refused": 0}


@pytest.mark.parametrize("rows", [1, 600])
def test_a_quotation_mark_that_never_closes_costs_its_own_line(tmp_path: Path, merchant: Merchant, rows: int) -> None:
    """What follows it is read as it stands, however far away the end of the file is."""
    more = [f"c,{'x' * 2_000},Nothing,7,NA,3"] * (rows - 1) + ["d,Mug,The Ferryman,7,NA,3"]
    content = table("a,Mug,The Ferryman,7,NA,3", 'b,"Mug,The Ferryman,7,NA,3', *more)

    report = bring_in(tmp_path, merchant, content)

    assert refusals(report)[0] == (3, "", "bad_quotes")
    assert report.rows.came_in == rows + 2
    assert list(Product.objects.order_by("sku").values_list("sku", flat=True)) == ["a", "d"]


def test_hostile_rows_cost_themselves_only(tmp_path: Path, merchant: Merchant) -> None:
    rows = [
        "a,Mug,The Ferryman,7,NA,3",
        f"b,{'x' * (10 << 20)},The Ferryman,7,NA,3",
        'c,"' + "y\n" * 60_000 + '",The Ferryman,7,NA,3',
        'd,"closed" and more,The Ferryman,7,NA,3',
        "\ufeffe,Mug,The Ferryman,7,NA,3",
        "f,Mug\x00,The Ferryman,7,NA,3",
        "g," * 100_000,
        "h,Mug,The Ferryman,7,NA,3\r",
        "i,Mug,The Ferryman,7,NA,3",
    ]

    begun = time.process_time()
    report = bring_in(tmp_path, merchant, table(*rows))

    assert refusals(report) == [
        (3, "", "too_long"),
        (4, "Name", "too_long"),
        (60_005, "", "bad_quotes"),
        (60_006, "Code", "control_character"),
        (60_007, "Name", "control_character"),
        (60_008, "", "ragged_row"),
    ]
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["a", "h", "i"]
    assert time.process_time() - begun < 5


def test_a_sheet_is_a_table_like_any_other(tmp_path: Path, merchant: Merchant) -> None:
    path, mapping = tmp_path / "goods.csv", tmp_path / "mapping.json"
    workbook = Workbook()
    workbook.active.append(["Notes"])
    sheet = workbook.create_sheet("Goods")
    for row in (HEADER.split(","), ["a", "Mug", "The Ferryman", 7.5, "NA", 3.0], ["b", "Cup", "The Ferryman", "=1/0"]):
        sheet.append(row)
    workbook.save(path)
    content = tomllib.loads(MAPPING) | {"sheet": "Goods"}
    mapping.write_text(json.dumps(content))

    report = import_products(path, merchant, by=None, mapping_path=mapping)

    assert refusals(report) == [(3, "USD", "formula_cell")]
    assert prices() == [("a", "us", 750)]
    assert report.notes[0] == "read the sheet “Goods”; left out: Sheet"


# -- mappings ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "old, new, named",
    [
        ('title = "Name"', 'title = "Nome"', "Nome"),
        ('title = "Name"', 'heading = "Name"', "columns.heading"),
        ('title = "Name"', "", "sku and title"),
        ('USD = "USD"', 'USD = "dollars"', "dollars"),
        ('USD = "USD"', "USD = 5", "prices.USD"),
        ('USD = "USD"', 'USD = { currency = "USD", markt = "us" }', "prices.USD.markt"),
        ('USD = "USD"', 'USD = { currency = "USD", market = "eu" }', "eu"),
        ('USD = "USD"', 'USD = { currency = "USD", missing = "0" }', "prices.USD.missing"),
        ('fixed = "mugs"', 'fixed = "spoons"', "spoons"),
        ('fixed = "mugs"', "", "film"),
        ('column = "Film"', 'fixed = "no-such-film"', "no-such-film"),
        ('missing = ["NA"]', 'missing = "NA"', "missing"),
        ('[prices]\nUSD = "USD"\nEUR = "EUR"', "[[prices]]", "prices"),
        ('missing = ["NA"]', "missing = [", "line"),
        ("[category]", "[constants]\nlisting = 'always'\n[category]", "listing"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, merchant: Merchant, old: str, new: str, named: str
) -> None:
    mapping = MAPPING.replace(old, new, 1)
    assert mapping != MAPPING

    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, table("a,Mug,The Ferryman,7,NA,3"), mapping)

    assert refusal.value.code == "bad_mapping"
    assert named in refusal.value.sentence
    assert not Product.objects.exists()


def test_two_markets_of_one_currency_have_to_be_told_apart(tmp_path: Path, merchant: Merchant) -> None:
    make_market("ca", currency="USD")
    row = table("a,Mug,The Ferryman,7,NA,3")

    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, merchant, row)
    told = MAPPING.replace('USD = "USD"', 'USD = { currency = "USD", market = "ca" }')
    bring_in(tmp_path, merchant, row, told)

    assert "us, ca" in refusal.value.sentence
    assert prices() == [("a", "ca", 700)]


def test_a_mapping_gathers_variants_and_reads_tables_and_constants(tmp_path: Path, merchant: Merchant) -> None:
    mapping = """
        [columns]
        product = "Parent"
        sku = "Code"
        title = "Name"
        title_zh = "名称"
        description = "Text"
        [constants]
        state = "draft"
        listing = "campaign"
        reveals = "characters"
        [options]
        colour = "Farbe"
        [prices]
        Preis = "EUR"
        [film]
        column = "Lizenz"
        table = { "Fährmann" = "the-ferryman" }
        [category]
        column = "Art"
        table = { Becher = "mugs" }
    """
    content = (
        "Parent;Code;Name;名称;Text;Farbe;Preis;Lizenz;Art\n"
        "p1;p1-r;Becher;杯子;<p>Aus Ton</p>;rot;7.50;Fährmann;Becher\n"
        "p1;p1-b;;;;blau;8;;\n"
    )

    report = bring_in(tmp_path, merchant, content, mapping)

    product = Product.objects.get()
    assert refusals(report) == []
    assert (product.title_en, product.title_zh, product.description_en) == ("Becher", "杯子", "Aus Ton")
    assert (product.state, product.listing, product.reveals) == ("draft", "campaign", "characters")
    assert list(Variant.objects.values_list("sku", "options")) == [
        ("p1-r", {"colour": "rot"}),
        ("p1-b", {"colour": "blau"}),
    ]
    assert prices() == [("p1-r", "eu", 750), ("p1-b", "eu", 800)]


def test_an_update_changes_what_the_file_says_and_leaves_the_rest(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, table("a,Mug,The Ferryman,7,6,3"))
    Product.objects.update(title_zh="杯子", description_en="By hand")
    slug = Product.objects.get().slug

    report = bring_in(tmp_path, merchant, table("a,Big mug,The Ferryman,8,6,3"))

    product = Product.objects.get()
    assert report.rows.as_plain() == {"in": 1, "created": 0, "updated": 1, "unchanged": 0, "refused": 0}
    assert (product.title_en, product.title_zh, product.description_en) == ("Big mug", "杯子", "By hand")
    assert product.slug == slug == "mug"
    assert prices() == [("a", "us", 700), ("a", "eu", 600), ("a", "us", 800)]
    assert report.changes[0]["fields"] == {"title_en": ["Mug", "Big mug"]}
    assert AuditEntry.objects.get(verb="product.import_updated").subject_id == product.public_id
    assert ShelfSpan.objects.filter(product=product, market__code="us").latest("starts_at").amount == 800


def test_merchants_keep_their_own_codes(tmp_path: Path, merchant: Merchant) -> None:
    rival = make_merchant("rival")
    content = table("a,Mug,The Ferryman,7,NA,3")
    bring_in(tmp_path, rival, content)

    report = bring_in(tmp_path, merchant, content)

    assert report.rows.as_plain()["created"] == 1
    assert sorted(Product.objects.values_list("merchant__slug", "slug")) == [
        ("rival", "mug"),
        ("suzhou-creek", "mug-a"),
    ]


# -- the counts -------------------------------------------------------------------------------------
_ROW = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", ""]),
    st.sampled_from(["Mug", "杯子", "<b>Mug</b>", "x\x00", ""]),
    st.sampled_from(["The Ferryman", "the-ferryman", "Another", ""]),
    st.sampled_from(["7", "7.25", "NA", "", "0", "-1", "abc"]),
    st.sampled_from(["6", "NA", "1,5"]),
    st.sampled_from(["", "0", "-4", "12", "x"]),
)


def _written(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER.split(","), *rows])
    return text.getvalue()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ROW, max_size=12))
def test_every_row_lands_in_one_bucket_and_the_second_run_changes_nothing(
    tmp_path: Path, merchant: Merchant, rows: list[tuple[str, ...]]
) -> None:
    Product.objects.all().delete()
    content = _written(rows)
    told = sum(any(cell.strip() for cell in row) for row in rows)

    first = bring_in(tmp_path, merchant, content)
    standing = list(Product.objects.order_by("pk").values()), prices()
    second = bring_in(tmp_path, merchant, content)

    one, two = first.rows.as_plain(), second.rows.as_plain()
    assert one["in"] == told == one["created"] + one["refused"]
    assert two == one | {"created": 0, "unchanged": one["created"]}
    assert one["refused"] == first.refusals.codes.total()
    assert (list(Product.objects.order_by("pk").values()), prices()) == standing
    assert Product.objects.count() == one["created"]
    assert not Price.objects.filter(amount=0).exists()


def _many(count: int) -> Iterator[str]:
    yield HEADER + "\n"
    for number in range(count):
        yield f"code-{number},Mug {number},{'The Ferryman' if number % 10 else 'Nothing'},7.50,NA,{number % 40}\n"


def test_memory_does_not_grow_with_the_rows(
    tmp_path: Path, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PAGE", PAGE)

    def peak(count: int) -> int:
        path, mapping = tmp_path / f"{count}.csv", tmp_path / "mapping.toml"
        with path.open("w") as file:
            file.writelines(_many(count))
        mapping.write_text(MAPPING)
        tracemalloc.start()
        report = import_products(path, merchant, by=None, mapping_path=mapping, is_dry_run=True)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert report.rows.as_plain()["in"] == count
        return used

    peak(10)
    few, many = peak(2 * PAGE), peak(6 * PAGE)

    # A product in hand takes about 8 kB. What grows is the list of codes seen and the changes and problems listed.
    assert many - few < 4 * PAGE * 2_500


def test_ten_thousand_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("Code,Text\n")
        file.writelines(f"code-{number},{'x' * 1_000}\n" for number in range(10_000))

    tracemalloc.start()
    files.recognise(path)
    count = sum(1 for _row in files.open_table(path).rows())
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 10_000
    assert used < 5_000_000 < path.stat().st_size


def test_the_guide_shows_the_mapping_as_it_is_and_knows_every_code() -> None:
    guide = (ROOT / "docs/importing.md").read_text()

    assert REAL_MAPPING.read_text() in guide
    assert [code for code in PROBLEMS if f"`{code}`" not in guide] == []
