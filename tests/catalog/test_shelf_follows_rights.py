"""What licensing knows of articles, disputes, stock and approvals moves the shelf as soon as it is caught up."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.facts import FactsReader
from catalog.images.services import remove_image
from catalog.models import Image, Market, ShelfMark, ShelfSpan
from catalog.services import edit_product
from catalog.shelf_store import recompile_products
from catalog.upkeep import catch_up_shelf
from licensing import articles, sell_off, takedowns, units
from licensing.assets import digest_of_text
from licensing.locks import facts_changed
from licensing.models import ApprovedAsset, Certificate, LicensedArticle
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
PICTURE = "a" * 64


@pytest.fixture
def licence():
    return factories.make_licence(factories.make_film(), factories.make_merchant(), time_zone="UTC")


def seen(at=NOW):
    return set(ShelfSpan.objects.at(at).values_list("product", flat=True))


def caught_up() -> int:
    """How many products were compiled again."""
    return catch_up_shelf(at=timezone.now())


@pytest.fixture(autouse=True)
def quiet_marks(monkeypatch):
    """Each reading begins where the last one ended, so that a test sees what its own change has moved."""
    monkeypatch.setattr("catalog.upkeep.OVERLAP", timedelta())


def article_of(product) -> LicensedArticle:
    return articles.article_of(product.merchant, product.sku)


def test_a_recall_takes_one_article_off_and_lifting_it_puts_it_back(licence):
    product, other = factories.make_product(licence=licence), factories.make_product(licence=licence)
    article = article_of(product)
    caught_up()

    articles.recall_article(article, reason="sharp", by=None, at=NOW)
    assert seen() == {product.pk, other.pk}
    assert caught_up() == 1
    assert seen(NOW - TICK) == {product.pk, other.pk}
    assert seen(NOW) == {other.pk}

    articles.lift_recall(article, by=None)
    assert caught_up() == 1
    assert seen() == {product.pk, other.pk}


@pytest.mark.parametrize("touched", ["film", "merchant", "licence", "article"])
def test_a_takedown_compiles_what_it_touches_and_nothing_else(licence, touched):
    product = factories.make_product(licence=licence)
    other = factories.make_product()
    subject = {"film": licence.film, "merchant": licence.merchant, "licence": licence, "article": article_of(product)}
    caught_up()

    takedown = takedowns.start_takedown(subject[touched], claimant="House", reason="Art", by=None, at=NOW)
    assert caught_up() == 1
    assert seen() == {other.pk}

    takedowns.release_takedown(takedown, outcome="settled", by=None, at=NOW + DAY)
    assert caught_up() == 1
    assert (seen(NOW + DAY - TICK), seen(NOW + DAY)) == ({other.pk}, {product.pk, other.pk})


def test_a_dispute_about_a_second_property_takes_the_product_off_too(licence):
    product = factories.make_product(licence=licence)
    second = factories.make_licence(factories.make_film(), licence.merchant)
    articles.set_properties(article_of(product), [second], by=None)
    caught_up()
    assert seen() == {product.pk}

    for subject in (second, second.film):
        takedown = takedowns.start_takedown(subject, claimant="House", reason="Art", by=None, at=NOW)
        assert caught_up() == 1
        assert seen() == set()
        takedowns.release_takedown(takedown, outcome="settled", by=None, at=NOW)
        assert caught_up() == 1
        assert seen() == {product.pk}


def test_stock_is_sold_off_while_declared_units_last(licence):
    product = factories.make_product(licence=licence)
    licence.ends_on, licence.sell_off_days = date(2026, 11, 1), 30
    licence.save()
    caught_up()
    assert seen() == set()

    sell_off.declare_inventory(licence, {product.sku: 2}, stated_on=date(2026, 11, 2), by=None, at=NOW)
    caught_up()
    assert seen() == {product.pk}
    ended = datetime(2026, 12, 2, tzinfo=UTC)
    assert (seen(ended - TICK), seen(ended)) == ({product.pk}, set())
    assert Market.objects.get().boundaries.filter(at=ended).exists()

    units.take_units(licence, product.sku, 2, at=NOW)
    ShelfMark.objects.update(read_up_to=NOW - DAY)  # the order was placed at NOW, which has long been read
    caught_up()
    assert seen() == set()


def test_an_approval_puts_it_on_and_its_revocation_takes_it_off_by_the_clock(licence):
    product = factories.make_product(licence=licence)
    licence.needs_approval = True
    licence.save()
    article = article_of(product)
    caught_up()
    assert seen() == set()

    Certificate.objects.create(article=article, licence=licence, version=1, issued_at=NOW, revoked_at=NOW + DAY)
    facts_changed(article)
    caught_up()

    assert [seen(at) for at in (NOW - TICK, NOW, NOW + DAY - TICK, NOW + DAY)] == [
        set(), {product.pk}, {product.pk}, set(),
    ]  # fmt: skip


def approve(product, licence, *digests):
    article = article_of(product)
    for sha256 in digests:
        ApprovedAsset.objects.create(article=article, licence=licence, sha256=sha256, approved_at=NOW)
    facts_changed(article)


def test_a_page_is_seen_while_every_picture_and_text_of_it_is_approved(licence):
    product = factories.make_product(licence=licence, title_en="Mug", title_zh="")
    other = factories.make_product(licence=factories.make_licence(licence.film, licence.merchant), title_en="Other")
    licence.needs_page_approval = True
    licence.save()
    caught_up()
    assert seen() == {other.pk}

    approve(product, licence, digest_of_text("Mug"))
    caught_up()
    assert seen() == {product.pk, other.pk}

    picture = Image.objects.create(product=product, digest=PICTURE)
    recompile_products([product.pk])
    assert seen() == {other.pk}
    remove_image(picture, by=None)
    assert seen() == {product.pk, other.pk}

    edit_product(product, by=None, title_en="Big mug")
    assert seen() == {other.pk}
    edit_product(product, by=None, title_en=" Mug ")
    assert seen() == {product.pk, other.pk}


def test_products_without_facts_of_their_own_share_one_article_and_cost_no_query_more(licence):
    products = [factories.make_product(licence=licence, on_shelf=False) for _ in range(5)]
    ids = [product.pk for product in products]
    factories.make_market("us")

    with CaptureQueriesContext(connection) as few:
        [one] = FactsReader(list(Market.objects.all())).read(ids[:1], lock=False)
    with CaptureQueriesContext(connection) as many:
        facts = FactsReader(list(Market.objects.all())).read(ids, lock=False)

    assert len(few) == len(many)
    assert len({id(each.article) for each in facts}) == 1
    assert {each.article_key for each in facts} == {one.article_key}


def test_a_reader_that_has_kept_much_begins_anew_and_says_the_same(licence, monkeypatch):
    monkeypatch.setattr("catalog.facts.MOST_KEPT", 2)
    products = [factories.make_product(licence=licence) for _ in range(4)]
    for days, product in enumerate(products, start=1):
        articles.recall_article(article_of(product), reason="sharp", by=None, at=NOW + days * DAY)
    reader = FactsReader(list(Market.objects.all()))
    market = Market.objects.get()

    spans = {}
    for _ in range(2):
        for product in products:
            [facts] = reader.read([product.pk], lock=False)
            spans.setdefault(product.pk, []).append(reader.spans(facts, market.pk))

    assert all(first == again for first, again in spans.values())
    assert {pk: told[0][-1].ends_at for pk, told in spans.items()} == {
        product.pk: NOW + days * DAY for days, product in enumerate(products, start=1)
    }


def test_each_kind_of_fact_has_a_mark_of_its_own():
    caught_up()

    assert set(ShelfMark.objects.values_list("source", flat=True)) == {
        "films", "licences", "merchants", "articles", "takedowns",
    }  # fmt: skip
