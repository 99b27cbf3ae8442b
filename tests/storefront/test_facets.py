"""Lists that are narrowed: every state is an address, and shows what it says."""

import re

import pytest

from catalog.models import Product
from catalog.search import index_products
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY
from tests.storefront.test_lists import walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(monkeypatch) -> None:
    """Two films, two makers, two kinds; prices below and above 30; one piece is only coming."""
    films = [factories.make_film(f"film-{i}", title_en=f"Film {i}", title_zh=f"影片{i}") for i in range(2)]
    makers = [factories.make_merchant(f"maker-{i}", name=f"Maker {i}") for i in range(2)]
    factories.make_category("pins", name_en="Pins")
    for i in range(8):
        factories.make_product(
            licence=factories.make_licence(films[i % 2], makers[i // 4]),
            category=factories.make_category("pins" if i in (2, 3) else "mugs"),
            slug=f"p-{i}",
            sku=f"LAMP-{'qrstuvwz'[i]}",  # no number and no letter that a search here begins with
            title_en=f"Lantern {i}",
            title_zh=f"灯笼 {i}",  # as the code: else the factory counts in it, and a search for 3 finds the 3xxth
            prices={"us": 1000 + 1000 * (i // 2)},
            on_sale_at=NOW + DAY if i == 7 else None,
        )
    index_products(Product.objects.values_list("pk", flat=True))


def choices(html: str) -> dict[str, int]:
    found = re.findall(
        r'name="(\w+)" value="([^"]+)"(?: checked)?><span>[^<]*</span><span class="check-count">(\d+)', html
    )
    return {f"{name}={value}": int(pieces) for name, value, pieces in found}


def test_a_list_offers_what_it_can_be_narrowed_to(get, shelf):
    html = get("/us/en/goods/").content.decode()

    assert choices(html) == {
        "film=film-0": 4, "film=film-1": 4, "category=mugs": 6, "category=pins": 2, "price=0-15": 2, "price=15-30": 2,
        "price=30-60": 4, "available=on_sale": 7, "available=coming_soon": 1, "maker=maker-0": 4, "maker=maker-1": 4,
    }  # fmt: skip
    assert "8 pieces" in html


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("film=film-0", [6, 4, 2, 0]),
        ("film=film-0&film=film-1", [7, 6, 5, 4, 3, 2, 1, 0]),
        ("film=film-0&price=15-30", [2]),
        ("category=pins&sort=price", [2, 3]),
        ("maker=maker-1&available=on_sale&sort=-price", [6, 5, 4]),
        ("available=coming_soon", [7]),
        ("film=no-such-film", []),
    ],
)
@pytest.mark.parametrize("page_size", [1, 24])
def test_a_narrowed_list_is_walked_once(get, shelf, monkeypatch, state, expected, page_size):
    monkeypatch.setattr("catalog.queries.cards.PAGE", page_size)

    assert walk(get, f"/us/en/goods/?{state}", "&") == [f"p-{i}" for i in expected]


def test_a_category_s_page_is_narrowed_within_it(get, shelf):
    html = get("/us/en/goods/pins/?film=film-0").content.decode()

    assert walk(get, "/us/en/goods/pins/?film=film-0", "&") == ["p-2"]
    assert choices(html) == {
        "film=film-0": 1, "film=film-1": 1, "price=15-30": 1, "available=on_sale": 1, "maker=maker-0": 1,
    }  # fmt: skip


def test_each_filter_that_is_on_can_be_taken_away_alone(get, shelf):
    html = get("/us/en/goods/?price=30-60&film=film-1&film=film-0&sort=price").content.decode()

    addresses = re.findall(r'class="chip" href="([^"]*)"', html)
    assert [address.replace("&amp;", "&") for address in addresses] == [
        "?film=film-1&price=30-60&sort=price",
        "?film=film-0&price=30-60&sort=price",
        "?film=film-0&film=film-1&sort=price",
    ]
    assert 'class="chip-clear" href="?sort=price"' in html


MANY = "&".join(f"film={number}" for number in range(40))


@pytest.mark.parametrize(
    "state", ["price=1-2", "price=0-15'", "available=never", "sort=best", "after=x", "after=1-2-3", MANY]
)
def test_an_address_that_no_list_has_is_refused_in_words(get, shelf, state):
    for page in ("goods/", "goods/pins/", "search/?q=lantern&"):
        answer = get(f"/us/en/{page}{'' if '?' in page else '?'}{state}")

        assert answer.status_code == 400
        assert "no longer valid" in answer.content.decode()


def test_names_that_are_nowhere_answer_like_names_that_are_not_on_this_shelf(get, shelf):
    factories.make_product(
        licence=factories.make_licence(factories.make_film("veiled"), factories.make_merchant()), prices={"cn": 1}
    )

    veiled, nowhere = (get(f"/us/en/goods/?film={name}").content.decode() for name in ("veiled", "nowhere"))

    assert veiled.replace("veiled", "nowhere") == nowhere
    assert "Take a filter away" in veiled


@pytest.mark.parametrize("sort", ["relevance", "newest", "price", "-price"])
@pytest.mark.parametrize("page_size", [1, 3, 24])
def test_what_a_search_finds_is_walked_once_in_every_order(get, shelf, monkeypatch, sort, page_size):
    monkeypatch.setattr("catalog.queries.cards.PAGE", page_size)
    monkeypatch.setattr("merchstore.storefront.listing.FOUND", page_size)
    orders = {"price": [0, 2, 4, 6], "-price": [6, 4, 2, 0]}

    found = walk(get, f"/us/en/search/?q=lantern&film=film-0&sort={sort}", "&")

    assert found == [f"p-{i}" for i in orders.get(sort, [6, 4, 2, 0])]


@pytest.mark.parametrize("page_size", [1, 3, 24])
def test_what_is_beyond_the_best_matches_follows_them(get, shelf, monkeypatch, page_size):
    monkeypatch.setattr("catalog.search.matching.CANDIDATES", 3)
    monkeypatch.setattr("merchstore.storefront.listing.FOUND", page_size)

    found = walk(get, "/us/en/search/?q=lantern", "&")

    assert sorted(found) == [f"p-{i}" for i in range(8)]


def test_a_search_counts_what_it_finds(get, shelf):
    html = get("/us/en/search/?q=lantern+3").content.decode()

    assert choices(html) == {
        "film=film-1": 1, "category=pins": 1, "price=15-30": 1, "available=on_sale": 1, "maker=maker-0": 1,
    }  # fmt: skip
    assert '<input type="hidden" name="q" value="lantern 3">' in html


def test_a_misspelt_search_shows_what_was_meant_and_says_so(get, shelf):
    html = get("/us/en/search/?q=lantren").content.decode()

    assert "Nothing has “lantren”. These are the pieces for “lantern”." in html
    assert "8 pieces" in html
    assert walk(get, "/us/en/search/?q=lantren&film=film-0&sort=price", "&") == [f"p-{i}" for i in (0, 2, 4, 6)]


def test_states_do_not_share_a_kept_page(get, shelf):
    one, other = "film=film-0&film=film-1&price=0-15", "film=film-1&film=film-1&price=0-15"

    first = get(f"/us/en/goods/?{one}").content
    assert get(f"/us/en/goods/?{other}").content != first
    assert get("/us/en/goods/?price=0-15&film=film-1&film=film-0").content == first


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("rest", "count"),
    [
        ("goods/?film=film-0&sort=price", 3),
        ("search/?q=lantern", 4),
        ("search/?q=lantern&film=film-0&sort=price", 4),
        ("suggest/?q=lantern", 6),
    ],
)
def test_a_narrowed_page_asks_the_same_for_one_and_for_three(get, django_assert_num_queries, rest, count, rows):
    licence = factories.make_licence(factories.make_film("film-0"), factories.make_merchant())
    for i in range(rows):
        factories.make_product(licence=licence, slug=f"p-{i}", title_en=f"Lantern {i}")
    index_products(Product.objects.values_list("pk", flat=True))
    get("/us/en/goods/")

    with django_assert_num_queries(count):
        assert b"Lantern 0" in get(f"/us/en/{rest}").content


HOSTILE = [
    "x" * 10_000, "花" * 10_000, "🙂" * 300, "\u202eאבג", "a\x00b", "'; DROP TABLE x; --", "(a+)+$" * 50, "a & | ! :* <->",
    '" OR 1=1', "NEAR(a b, 3)", "terms:x", "^", "%%%", "\\", "....", "\ud800", "a" * 40 + "!", "ﷺ" * 50, "\u0300" * 500,
]  # fmt: skip


@pytest.mark.parametrize("door", ["search", "suggest"])
def test_any_string_is_a_query(get, shelf, door):
    for query in HOSTILE:
        answer = get(f"/us/zh/{door}/", {"q": query.encode("utf-8", "surrogatepass")})
        assert answer.status_code == 200, query[:40]
        assert b"card-name" not in answer.content
