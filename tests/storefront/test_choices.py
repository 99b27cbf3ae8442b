"""Variants as groups of choices: what is offered, what cannot be had, and what an address chooses."""

import re

import pytest

from catalog.models import Product, Stock, Variant
from catalog.shelf_store import recompile_products
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY

pytestmark = pytest.mark.django_db

ADDRESS = "/us/en/goods/p/shirt/"
#: Stock by (colour, size). There is no XL in bone.
SHIRTS = {
    ("Midnight", "S"): 3, ("Midnight", "M"): 12, ("Midnight", "XL"): 9,
    ("Bone", "S"): 0, ("Bone", "M"): 0,
}  # fmt: skip


def make_shirt(stock: dict[tuple[str, str], int] = SHIRTS, **overrides) -> Product:
    product = factories.make_product(slug="shirt", title_en="Ferry shirt", variants=len(stock), **overrides)
    for variant, ((colour, size), pieces) in zip(product.variants.order_by("position"), stock.items(), strict=True):
        Variant.objects.filter(pk=variant.pk).update(options={"size": size, "colour": colour}, sku=f"{colour}-{size}")
        Stock.objects.filter(variant=variant).update(on_hand=pieces)
    recompile_products([product.pk])
    return product


def shown(html: str) -> dict[str, list[str]]:
    """The radio buttons by group: name, then value with "*" for the chosen one and "-" for what cannot be had."""
    groups: dict[str, list[str]] = {}
    for label in re.findall(r'<label class="opt.*?</label>', html):
        name, value = re.search(r'name="([^"]+)" value="([^"]+)"', label).groups()
        marks = ("*" if " checked" in label else "") + ("-" if 'class="opt none"' in label else "")
        groups.setdefault(name, []).append(value + marks)
    return groups


def text_of(response) -> str:
    return response.content.decode()


def test_each_option_is_a_group_in_the_order_of_the_guide(get):
    make_shirt()

    html = text_of(get(ADDRESS))

    assert shown(html) == {"o.colour": ["Midnight", "Bone-"], "o.size": ["S", "M", "XL"]}
    assert "Bone is sold out." in html
    assert "From $38.00" in html


def test_what_cannot_be_had_depends_on_what_else_is_chosen_and_is_said_in_words(get):
    make_shirt()

    html = text_of(get(f"{ADDRESS}?o.colour=Bone"))

    assert shown(html) == {"o.colour": ["Midnight", "Bone*-"], "o.size": ["S-", "M-", "XL-"]}
    assert "S and M are sold out in Bone." in html
    assert "XL is not made in Bone." in html
    assert re.findall(r'<span class="hidden">(sold out|not made)</span>', html) == ["sold out"] * 3 + ["not made"]
    assert '<span class="pill bad">Sold out</span>' in html


def test_a_complete_choice_shows_its_own_price_and_how_many_are_left(get):
    make_shirt()

    few, many = (text_of(get(f"{ADDRESS}?o.colour=Midnight&o.size={size}")) for size in ("S", "M"))

    assert '<span class="now">$38.00</span>' in few
    assert '<span class="pill warn">3 left</span>' in few
    assert '<span class="now">$39.00</span>' in many
    assert '<span class="pill ok">In stock</span>' in many


def test_a_part_of_a_choice_shows_the_range_that_is_left(get):
    make_shirt()

    assert "From $39.00" not in text_of(get(ADDRESS))
    assert "From $39.00" in text_of(get(f"{ADDRESS}?o.size=M"))


def test_a_combination_that_is_not_made_says_so_and_keeps_the_way_back(get):
    make_shirt()

    html = text_of(get(f"{ADDRESS}?o.colour=Bone&o.size=XL"))

    assert '<span class="pill bad">Not made in this combination</span>' in html
    assert shown(html) == {"o.colour": ["Midnight", "Bone*-"], "o.size": ["S-", "M-", "XL*-"]}


def test_a_variants_own_address_chooses_it_and_options_have_the_last_word(get):
    product = make_shirt()
    variant = product.variants.get(sku="Midnight-M")

    own = shown(text_of(get(f"{ADDRESS}?v={variant.public_id}")))
    other = shown(text_of(get(f"{ADDRESS}?v={variant.public_id}&o.size=S")))

    assert own == {"o.colour": ["Midnight*", "Bone-"], "o.size": ["S", "M*", "XL"]}
    assert other["o.size"] == ["S*", "M", "XL"]


@pytest.mark.parametrize("query", ["o.size=none", "o.size=", "o.none=M", "o.=M", "o.size=%00", "o.size=%FF", "v=none"])
def test_what_is_no_option_chooses_nothing(get, query):
    make_shirt()

    answer = get(f"{ADDRESS}?{query}")

    assert answer.status_code == 200
    assert shown(text_of(answer)) == {"o.colour": ["Midnight", "Bone-"], "o.size": ["S", "M", "XL"]}


def test_an_option_with_one_value_is_no_choice(get):
    make_shirt({("Bone", "S"): 1, ("Bone", "M"): 1})

    assert shown(text_of(get(ADDRESS))) == {"o.size": ["S", "M"]}


def test_variants_that_no_option_tells_apart_are_one_group(get):
    product = factories.make_product(slug="shirt", variants=2)
    first, second = product.variants.order_by("position")

    html = text_of(get(f"{ADDRESS}?v={second.public_id}"))

    assert shown(html) == {"v": [first.public_id, f"{second.public_id}*"]}
    assert f"<span>{second.sku}</span>" in html


def test_goods_that_are_not_sold_yet_are_not_called_sold_out(get):
    make_shirt(on_sale_at=NOW + DAY)

    html = text_of(get(ADDRESS))

    assert shown(html) == {"o.colour": ["Midnight", "Bone"], "o.size": ["S", "M", "XL"]}
    assert "old out" not in html


def test_a_script_is_answered_with_the_part_that_changes(get):
    make_shirt()
    address = f"{ADDRESS}?o.colour=Midnight&o.size=M"

    page = get(address)
    part = get(address, headers={"hx-request": "true"})

    assert part["Vary"] == page["Vary"] == "HX-Request"
    html = text_of(part)
    assert "<html" not in html
    assert shown(html) == shown(text_of(page))
    said = re.search(r'<p hx-swap-oob="innerHTML:#said">(.*?)</p>', html)[1]
    assert said == "Midnight, M $39.00 In stock Licensed for the United States"
    assert "hx-swap-oob" not in text_of(page)


def test_each_choice_is_kept_as_a_page_of_its_own(get):
    make_shirt()

    prices = {
        size: re.search(r'class="now">([^<]+)', text_of(get(f"{ADDRESS}?o.colour=Midnight&o.size={size}")))[1]
        for size in ("S", "M", "XL", "S")
    }

    assert prices == {"S": "$38.00", "M": "$39.00", "XL": "$40.00"}


def test_options_are_asked_for_in_the_language_of_the_page(get):
    make_shirt()

    html = text_of(get("/us/zh/goods/p/shirt/?o.colour=Bone"))

    assert "<b>颜色：</b>" in html
    assert "<legend>尺码</legend>" in html
    assert "骨白的 S和M 已售罄。" in html


def test_a_merchants_options_are_shown_as_text(get):
    make_shirt({("<b>Red</b>", "S"): 1, ("Blue", "S"): 1})

    html = text_of(get(f"{ADDRESS}?o.colour=%3Cb%3ERed%3C/b%3E"))

    assert "<b>Red" not in html
    assert "&lt;b&gt;Red&lt;/b&gt;" in html
