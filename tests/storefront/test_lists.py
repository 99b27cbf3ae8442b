"""Lists walk through everything exactly once, in every order, also where prices are equal."""

import re

import pytest

from catalog.models import ShelfSpan
from catalog.queries import cards
from merchstore.storefront import views
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY, publish

pytestmark = pytest.mark.django_db

AMOUNTS = [500, 300, 300, 300, 900, 300, 500]


def walk(get, address: str, separator: str = "?") -> list[str]:
    """The slugs of all pages of a list, in the order in which they are shown."""
    found: list[str] = []
    more = ""
    for _ in range(20):
        html = get(address + (f"{separator}after={more}" if more else "")).content.decode()
        found += re.findall(r'class="card-name"><a href="[^"]*/([\w-]+)/"', html)
        cursor = re.search(r'href="\?[^"]*after=([\d-]+)"', html)
        if cursor is None:
            return found
        more = cursor[1]
    raise AssertionError("the list never ends")


@pytest.fixture(params=[1, 2, 3, 7, 24])
def page_size(request, monkeypatch):
    monkeypatch.setattr(cards, "PAGE", request.param)
    monkeypatch.setattr(views, "FILMS", request.param)
    return request.param


@pytest.mark.dialect
@pytest.mark.parametrize("sort", cards.SORTS)
@pytest.mark.parametrize("rest", ["goods/", "goods/t-shirts/"])
def test_a_list_shows_everything_once(get, page_size, sort, rest):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    for i, amount in enumerate(AMOUNTS):
        factories.make_product(licence=licence, slug=f"p-{i}", prices={"us": amount})
    orders = {
        "newest": [6, 5, 4, 3, 2, 1, 0],
        "price": [1, 2, 3, 5, 0, 6, 4],
        "-price": [4, 6, 0, 5, 3, 2, 1],
    }

    found = walk(get, f"/us/en/{rest}?sort={sort}", "&")

    assert found == [f"p-{i}" for i in orders[sort]]


def test_the_films_are_walked_once(get, page_size):
    factories.make_market("us")
    for i, position in enumerate([2, 1, 1, 1, 3]):
        factories.make_film(f"f-{i}", position=position)

    assert walk(get, "/us/en/films/") == ["f-1", "f-2", "f-3", "f-0", "f-4"]


def test_the_goods_of_a_film_are_walked_once(get, page_size):
    film, merchant = factories.make_film("film-0"), factories.make_merchant()
    licence = factories.make_licence(film, merchant)
    for i in range(5):
        factories.make_product(licence=licence, slug=f"p-{i}")
    factories.make_product(slug="of-another-film")

    assert walk(get, "/us/en/films/film-0/") == ["p-4", "p-3", "p-2", "p-1", "p-0"]


def test_the_goods_of_a_film_can_be_narrowed_and_sorted_on_its_page(get):
    licence = factories.make_licence(factories.make_film("film-0"), factories.make_merchant())
    mugs = factories.make_category("mugs")
    for i, amount in enumerate((900, 300, 600)):
        factories.make_product(licence=licence, slug=f"mug-{i}", category=mugs, prices={"us": amount})
        factories.make_product(licence=licence, slug=f"shirt-{i}", prices={"us": amount})
    factories.make_product(slug="mug-of-another-film", category=mugs)
    address = "/us/en/films/film-0/"

    narrowed = get(f"{address}?category=mugs&sort=price").content.decode()

    assert walk(get, f"{address}?category=mugs&sort=price", "&") == ["mug-1", "mug-2", "mug-0"]
    assert '<link rel="canonical" href="http://localhost:8000/us/en/films/film-0/">' in narrowed
    assert 'action="/us/en/films/film-0/#results"' in narrowed
    # The film is what the page is of, and no choice on it.
    assert 'name="film"' not in narrowed
    assert get(f"{address}?sort=name").status_code == 400


def test_a_campaigns_page_shows_all_of_its_goods(get, clock, page_size):
    film = factories.make_film("film-0")
    licence = factories.make_licence(film, factories.make_merchant())
    for i in range(5):
        factories.make_product(licence=licence, slug=f"p-{i}")
    from_campaign = publish(factories.make_campaign(film, slug="ten-years"), starts_at=NOW + DAY)

    clock.at = from_campaign.starts_at

    assert walk(get, "/us/en/campaigns/ten-years/") == ["p-4", "p-3", "p-2", "p-1", "p-0"]


def test_a_page_far_down_costs_no_more_queries(get, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(cards, "PAGE", 2)
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    for i in range(9):
        factories.make_product(licence=licence, slug=f"p-{i}", prices={"us": 300})
    deep = ShelfSpan.objects.order_by("product_id")[4].product_id
    get("/us/en/goods/")  # the menu of markets is read once a minute, the shelf counted once an epoch

    for rest in ("?sort=price", f"?sort=price&after=300-{deep}"):
        with django_assert_num_queries(3):
            get(f"/us/en/goods/{rest}")
