"""What is offered while somebody types: only what this market has now, and the form works without it."""

import pytest

from catalog.search import index_products
from tests.factories import make_category, make_film, make_licence, make_merchant, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(db):
    film = make_film("ferry", title_en="The Ferryman", title_zh="摆渡人")
    product = make_product(
        licence=make_licence(film, make_merchant()), category=make_category("mugs", name_en="Mugs", name_zh="马克杯"),
        slug="river-mug", title_en="River mug", title_zh="江水马克杯", prices={"us": 1800},
    )  # fmt: skip
    make_product(slug="elsewhere", title_en="River towel", prices={"eu": 900})
    index_products([product.pk])
    return product


def test_goods_films_and_kinds_are_offered_as_links(get, mug):
    html = get("/us/en/suggest/?q=mug").content.decode()

    assert '/us/en/goods/p/river-mug/"' in html
    assert '/us/en/goods/mugs/"' in html
    assert "2 suggestions" in html
    assert '/us/en/films/ferry/"' in get("/us/en/suggest/?q=ferr").content.decode()


def test_pinyin_and_chinese_find_it_in_both_languages(get, mug):
    for query in ("baidu", "bdr", "摆渡", "江水"):
        assert "/us/zh/goods/p/river-mug/" in get(f"/us/zh/suggest/?q={query}").content.decode(), query


def test_what_this_market_does_not_have_is_not_offered(get, mug):
    assert "elsewhere" not in get("/us/en/suggest/?q=river").content.decode()
    assert get("/us/en/suggest/?q=towel").content == b""


@pytest.mark.parametrize(
    "query", ["", "%20", "%00", "%F0%9F%99%82", "a" * 5_000, "%27%26%7C%3A%2A", "q" * 119 + "%E6%91%86"]
)
def test_any_query_is_answered(get, mug, query):
    answer = get(f"/us/en/suggest/?q={query}")

    assert (answer.status_code, answer["Shelf-Revision"][:3]) == (200, "us.")


def test_the_query_is_escaped(get, mug):
    html = get("/us/en/suggest/?q=mug%20%3Cscript%3E").content.decode()

    assert "<script>" not in html


def test_suggestions_come_while_typing_and_keys_move_among_them(page, live_server, mug):
    page.goto(f"{live_server.url}/us/en/goods/")
    page.locator("#q").press_sequentially("mu", delay=20)
    page.locator(".suggestions a").first.wait_for()

    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("Mugs")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.locator(".suggestions").is_hidden()
