"""Size guides: written in the panel, seen on the product's page in both units."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from catalog.models import Product, SizeGuide, Variant
from catalog.sizes import MOST, Table, edit_size_guide, make_size_guide
from core.errors import Refused
from merchants.models import Merchant
from merchstore.storefront.sizes import size_tables
from tests.factories import make_market, make_merchant
from tests.panel.conftest import signed_in

pytestmark = pytest.mark.django_db
FORM = {
    "name_en": "T-shirts", "name_zh": "T 恤", "unit": "cm", "columns_en": "Size, Chest, Fit", "columns_zh": "尺码，胸围，版型",
    "rows": "M, 52, wide\r\n\r\nL\t54.5–56\twide\n40; 58; wide",
}  # fmt: skip


def at(merchant: Merchant, rest: str = "") -> str:
    return f"/panel/en/{merchant.slug}/size-guides/{rest}"


def table(**changes: Any) -> Table:
    return Table(**{"name_en": "Mugs", "unit": "cm", "columns_en": ["Size", "Height"], "rows": [["S", "9"]]} | changes)


def test_a_guide_is_written_chosen_seen_changed_and_removed(owner: Client, merchant: Merchant, goods: Variant) -> None:
    made = owner.post(at(merchant, "new/"), FORM)
    guide = SizeGuide.objects.get()
    assert (made.status_code, guide.columns_zh) == (302, ["尺码", "胸围", "版型"])
    assert guide.rows == [["M", "52", "wide"], ["L", "54.5–56", "wide"], ["40", "58", "wide"]]

    product = goods.product
    page = f"/panel/en/{merchant.slug}/products/{product.public_id}/"
    told = {"title_en": product.title_en, "sku": product.sku, "film": product.film.slug, "category": product.category.code,
            "licence": product.licence.number, "listing": "open", "size_guide": guide.public_id}  # fmt: skip
    assert owner.post(page, told).status_code == 302
    assert Product.objects.get().size_guide == guide
    assert AuditEntry.objects.get(verb="product.edited").changes["size_guide"] == [None, guide.public_id]

    shop = f"/us/en/goods/p/{product.slug}/"
    seen = Client().get(shop).content.decode()
    assert [words in seen for words in ("Size guide", "In inches", "<td>20.5</td>", "<td>21.5–22</td>")] == [True] * 4
    owner.post(at(merchant, f"{guide.public_id}/"), FORM | {"rows": "M, 60, wide"})
    assert "<td>23.6</td>" in Client().get(shop).content.decode()
    owner.post(at(merchant, f"{guide.public_id}/"), {"remove": "1"})
    assert "Size guide" not in Client().get(shop).content.decode()
    assert (Product.objects.get().size_guide, SizeGuide.objects.count()) == (None, 0)


@pytest.mark.parametrize("wrong, sentence", [
    ({"rows": "M, 52"}, "Row 1 has 2 cells, and there are 3 columns."),
    ({"rows": "M,52,wide\n" * 41}, "at most 10 columns and 40 rows"),
    ({"columns_en": ",".join("abcdefghijk"), "columns_zh": ""}, "at most 10 columns"),
    ({"rows": f"M,{'5' * 41},wide"}, "40 letters in a cell"),
    ({"columns_zh": "尺码"}, "The columns in Chinese are as many as the others: 3."),
    ({"name_en": ""}, "This field is required."),
    ({"unit": "ell"}, "Select a valid choice."),
])  # fmt: skip
def test_what_is_no_table_is_refused_and_stays_in_the_form(
    owner: Client, merchant: Merchant, wrong: dict[str, str], sentence: str
) -> None:
    answer = owner.post(at(merchant, "new/"), FORM | {"name_zh": "写 <过>"} | wrong)

    page = answer.content.decode()
    assert (answer.status_code, sentence in page, "写 &lt;过&gt;" in page) == (422, True, True)
    assert not SizeGuide.objects.exists()


def test_another_merchant_s_guide_is_not_there(owner: Client, merchant: Merchant, goods: Variant) -> None:
    other = make_size_guide(make_merchant("other"), table(), by=None)

    answers = [
        owner.get(at(merchant, f"{other.public_id}/")),
        owner.post(at(merchant, f"{other.public_id}/"), {"remove": "1"}),
    ]
    told = {"title_en": "X", "sku": "X", "film": goods.product.film.slug, "category": goods.product.category.code,
            "listing": "open", "size_guide": other.public_id}  # fmt: skip
    chosen = owner.post(f"/panel/en/{merchant.slug}/products/{goods.product.public_id}/", told)

    assert [answer.status_code for answer in (*answers, chosen)] == [404, 404, 422]
    assert (SizeGuide.objects.get(), Product.objects.get().size_guide) == (other, None)
    assert "Mugs" not in owner.get(at(merchant)).content.decode()


def test_who_sends_goods_reads_the_list_alone(merchant: Merchant) -> None:
    make_size_guide(merchant, table(), by=None)
    client = signed_in(merchant, "orders")

    page = client.get(at(merchant)).content.decode()

    assert ("Mugs" in page, "/size-guides/szg_" in page) == (True, False)


def test_there_are_only_so_many(merchant: Merchant) -> None:
    SizeGuide.objects.bulk_create([SizeGuide(merchant=merchant, name_en=f"Guide {number}") for number in range(MOST)])

    with pytest.raises(Refused, match="100 size guides at most"):
        make_size_guide(merchant, table(), by=None)

    assert SizeGuide.objects.count() == MOST


def test_an_edit_turns_the_pages_that_are_kept(merchant: Merchant) -> None:
    market = make_market("us")
    before = market.shelf_version
    guide = make_size_guide(merchant, table(), by=None)

    edit_size_guide(guide, table(rows=[["S", "10"]]), by=None)

    market.refresh_from_db()
    assert market.shelf_version == before + 1


def test_only_measures_are_turned_and_never_the_names_of_sizes() -> None:
    guide = SizeGuide(
        unit="in", columns_en=["EU", "Foot", "Note"], rows=[["40", "10", "runs 2 small"], ["41", "10.5-11", "–"]]
    )

    first, second = size_tables(guide, "en")

    assert (first.caption, first.rows) == ("In inches", guide.rows)
    assert (second.caption, second.rows) == (
        "In centimetres", [["40", "25.4", "runs 2 small"], ["41", "26.7-27.9", "–"]],
    )  # fmt: skip
    words = SizeGuide(unit="cm", columns_en=["Size", "Fit"], columns_zh=["尺码", "版型"], rows=[["M", "wide"]])
    assert [(one.caption, one.head) for one in size_tables(words, "zh-hans")] == [("", ["尺码", "版型"])]
