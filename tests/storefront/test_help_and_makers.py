"""Help that says what the shop does, and the page of who makes the goods."""

import re

import pytest

from merchstore.storefront.questions import TOPICS
from tests import factories
from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("prefix", ["en", "zh"])
def test_every_question_is_led_to_and_answered(get, prefix):
    make_shop()
    index = get(f"/us/{prefix}/help/").content.decode()

    for topic in TOPICS:
        html = get(f"/us/{prefix}/help/{topic.code}/").content.decode()
        for question in topic.questions:
            assert f'href="/us/{prefix}/help/{topic.code}/#{question.code}"' in index
            assert html.count(f'id="{question.code}"') == 1
    assert get(f"/us/{prefix}/help/nothing/").status_code == 404


def test_help_is_a_kept_page_and_the_footer_leads_there(get):
    make_shop()

    answer = get("/us/en/help/")

    assert answer["Cache-Control"].startswith("public")
    assert "ETag" in answer
    footer = get("/us/en/").content.decode().partition("<footer")[2]
    for rest in ("help/", "help/delivery/", "help/returns/", "legal/terms/", "legal/withdrawal/", "legal/privacy/"):
        assert f'href="/us/en/{rest}"' in footer
        assert get(f"/us/en/{rest}").status_code == 200


def test_a_makers_page_has_its_goods_alone(get):
    shop = make_shop(2)
    maker = shop.product.merchant

    html = get(f"/us/en/makers/{maker.slug}/").content.decode()

    here = set(re.findall(r'href="/us/en/goods/p/([^"/]+)/"', html))
    assert here == {product.slug for product in maker.products.all()}
    assert f'href="/us/en/goods/?maker={maker.slug}"' in html
    assert '"CollectionPage"' in html


def test_a_maker_without_goods_on_the_shelf_is_not_there(get):
    make_shop()
    factories.make_merchant("quiet-maker")

    assert get("/us/en/makers/quiet-maker/").status_code == 404
    assert get("/us/en/makers/nobody/").status_code == 404


def test_a_product_leads_to_its_maker_and_to_help(get):
    shop = make_shop()

    html = get("/us/en/goods/p/mug-0/").content.decode()

    assert f'href="/us/en/makers/{shop.product.merchant.slug}/"' in html
    assert 'href="/us/en/help/returns/"' in html


@pytest.mark.parametrize("rows", [1, 3])
def test_three_rows_cost_a_makers_page_as_many_queries_as_one(get, django_assert_num_queries, rows):
    slug = make_shop(rows).product.merchant.slug
    get(f"/us/en/makers/{slug}/")

    with django_assert_num_queries(4):
        get(f"/us/en/makers/{slug}/?sort=price")


def test_each_picture_of_a_product_leads_to_itself(get):
    shop = make_shop(3)

    html = get("/us/en/goods/p/mug-0/").content.decode()

    links = re.findall(r'<a class="zoom" href="([^"]+)">', html)
    assert links == [f"/media/{image.file.name}" for image in shop.product.images.order_by("position")]
    assert html.count('<dialog class="zoomed"') == 1
