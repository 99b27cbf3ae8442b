"""What each page asks of the database: the same for one row of everything and for three, and next to nothing when kept."""

import pytest

from merchstore.storefront.visit import LANGUAGES
from tests.storefront.conftest import DAY, make_shop

pytestmark = pytest.mark.django_db

#: Two of them read the epoch: before the page is rendered, and after.
COUNTS = {
    "": 9,
    "films/": 5,
    # The first list with choices beside it counts the shelf for all that follow: four of them.
    "films/film-0/": 10 + 4,
    "goods/": 3,
    "goods/t-shirts/": 4,
    "goods/p/mug-0/": 10,
    "search/?q=ferry": 4,
    "coming-soon/": 3,
    "campaigns/campaign-0/": 6,
    "hero/": 7,
    "film-colours.css": 3,
}


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_made_anew(get, settings, django_assert_num_queries, rows):
    make_shop(rows)
    get("/us/en/")
    settings.RELEASE += "-next"  # the menu stays, the pages go

    for rest, count in COUNTS.items():
        with django_assert_num_queries(count, info=rest):
            assert get(f"/us/en/{rest}").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_while_a_campaign_is_live(get, clock, settings, django_assert_num_queries, rows):
    make_shop(rows)
    clock.at += 2 * DAY
    get("/us/en/")
    settings.RELEASE += "-next"
    # What was asked before the reduction (spans, prices, promotions taken away), and the campaign's goods.
    live = {
        **COUNTS,
        "goods/p/mug-0/": COUNTS["goods/p/mug-0/"] + 3,
        "campaigns/campaign-0/": COUNTS["campaigns/campaign-0/"] + 1,
    }

    for rest, count in live.items():
        with django_assert_num_queries(count, info=rest):
            assert get(f"/us/en/{rest}").status_code == 200


def test_a_page_that_is_kept(get, django_assert_num_queries):
    make_shop(3)

    for rest in COUNTS:
        fresh = get(f"/us/en/{rest}")
        with django_assert_num_queries(1, info=rest):
            kept = get(f"/us/en/{rest}")
        assert (kept.status_code, kept.content) == (200, fresh.content)


@pytest.mark.parametrize("rows", [1, 3])
def test_sitemaps(get, django_assert_num_queries, rows):
    make_shop(rows)

    for prefix in LANGUAGES:
        # The epoch twice, the markets, the categories of each of the two, campaigns and their films, a page of films, which
        # of them the other market may know, the goods.
        with django_assert_num_queries(10):
            assert b"mug-0" in get(f"/us/{prefix}/sitemap.xml").getvalue()
    # The markets, and the last product: as many parts as that takes.
    with django_assert_num_queries(2):
        get("/sitemap.xml")
