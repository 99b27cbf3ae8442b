"""A dispute freezes what it touches with one act, and releasing it restores what was there. And at the end of a term the
shelf turns by itself, at the instant."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import Product, ShelfSpan
from catalog.upkeep import catch_up_shelf
from core.errors import Refused
from licensing.articles import article_of, lift_recall, recall_article, set_properties
from licensing.models import Licence, Takedown
from licensing.sell_off import declare_inventory
from licensing.takedowns import frozen_articles, is_frozen, release_takedown, start_takedown
from tests.factories import make_film, make_licence, make_merchant, make_product

pytestmark = pytest.mark.django_db

SUBJECTS: dict[str, Callable[[Product], Any]] = {
    "film": lambda product: product.film,
    "merchant": lambda product: product.merchant,
    "licence": lambda product: product.licence,
    "article": lambda product: article_of(product.merchant, product.sku),
}


def shelf(at: datetime | None = None) -> set[int]:
    """What is seen, once what changed has been compiled."""
    catch_up_shelf(at=timezone.now())
    return set(ShelfSpan.objects.at(at or timezone.now()).values_list("product", flat=True))


def held(product: Product, at: datetime | None = None) -> bool:
    licence = product.licence
    assert licence is not None
    return is_frozen(
        merchant_id=product.merchant_id, sku=product.sku, film_ids=[product.film_id], licence_ids=[licence.pk],
        at=at or timezone.now(),
    )  # fmt: skip


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize("kind", SUBJECTS)
def test_one_act_freezes_what_it_touches_and_releasing_restores_it(
    kind: str, django_capture_on_commit_callbacks: Any
) -> None:
    product, other = make_product(), make_product()
    before = shelf()

    with django_capture_on_commit_callbacks() as jobs:
        takedown = start_takedown(
            SUBJECTS[kind](product), claimant="Estate of the artist", reason="The mark", by=None, at=timezone.now()
        )
    frozen, seen = [held(product), held(other)], shelf()
    release_takedown(takedown, outcome="Settled", by=None, at=timezone.now())

    assert before == {product.pk, other.pk}
    assert (frozen, seen, len(jobs)) == ([True, False], {other.pk}, 1)
    assert shelf() == before
    assert [held(product), held(other)] == [False, False]
    assert held(product, takedown.starts_at) is True  # what was frozen then stays true
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == [
        "takedown.started",
        "takedown.released",
    ]


def test_two_claimants_hold_the_same_thing_until_both_are_released() -> None:
    product, at = make_product(), timezone.now()
    first = start_takedown(product.film, claimant="A", reason="x", by=None, at=at)
    again = code_of(lambda: start_takedown(product.film, claimant=" a ", reason="x", by=None, at=at))
    second = start_takedown(product.film, claimant="B", reason="x", by=None, at=at)

    release_takedown(first, outcome="Settled", by=None, at=timezone.now())
    still = held(product)
    release_takedown(second, outcome="Settled", by=None, at=timezone.now())

    assert (again, still, held(product)) == ("already_done", True, False)
    assert code_of(lambda: release_takedown(second, outcome="x", by=None, at=at)) == "already_done"
    assert Takedown.objects.count() == 2


def test_a_takedown_says_who_and_why() -> None:
    film, at = make_film(), timezone.now()

    assert code_of(lambda: start_takedown(film, claimant=" ", reason="x", by=None, at=at)) == "reason_missing"
    takedown = start_takedown(film, claimant="A", reason="x", by=None, at=at)
    assert code_of(lambda: release_takedown(takedown, outcome=" ", by=None, at=at)) == "reason_missing"
    assert Takedown.objects.get().released_at is None


def test_a_further_property_is_touched_too() -> None:
    product = make_product()
    article = article_of(product.merchant, product.sku)
    further = make_licence(make_film(), product.merchant)
    set_properties(article, [further], by=None)
    assert shelf() == {product.pk}

    takedown = start_takedown(further.film, claimant="A", reason="x", by=None, at=timezone.now())
    seen, frozen = shelf(), list(frozen_articles(product.merchant, at=timezone.now()))
    release_takedown(takedown, outcome="Settled", by=None, at=timezone.now())

    assert (seen, frozen, shelf()) == (set(), [article], {product.pk})
    assert list(frozen_articles(product.merchant, at=timezone.now())) == []


def test_further_properties_are_the_merchants_own_and_each_film_once() -> None:
    product, film = make_product(), make_film()
    article = article_of(product.merchant, product.sku)
    theirs = make_licence(film, make_merchant())
    mine = [make_licence(film, product.merchant) for _ in range(2)]

    assert code_of(lambda: set_properties(article, [theirs], by=None)) == "property_of_other_merchant"
    assert code_of(lambda: set_properties(article, mine, by=None)) == "property_twice"
    assert not article.properties.exists()


def test_a_recall_empties_the_shelf_and_lifting_it_fills_it_again() -> None:
    product = make_product()
    article = article_of(product.merchant, product.sku)
    seen = [shelf()]

    recall_article(article, reason="Sharp edge", by=None, at=timezone.now())
    seen.append(shelf())
    lift_recall(article, by=None)
    seen.append(shelf())

    assert seen == [{product.pk}, set(), {product.pk}]
    assert code_of(lambda: lift_recall(article, by=None)) == "already_done"
    assert code_of(lambda: recall_article(article, reason=" ", by=None, at=timezone.now())) == "reason_missing"


# -- the end, by the clock ----------------------------------------------------------------------------

MICROSECOND = timedelta(microseconds=1)
#: The first instants after 31 December 2027 and after 30 January 2028 in New York.
TERM_ENDS = datetime(2028, 1, 1, 5, 0, tzinfo=UTC)
SELL_OFF_ENDS = datetime(2028, 1, 31, 5, 0, tzinfo=UTC)


def seen_at(at: datetime) -> set[int]:
    """The shelf as it was compiled: nothing runs in between."""
    return set(ShelfSpan.objects.at(at).values_list("product", flat=True))


def licence_that_ends(**terms: Any) -> Licence:
    return make_licence(make_film(), make_merchant(), ends_on=date(2027, 12, 31), time_zone="America/New_York", **terms)


def test_at_the_end_of_its_term_everything_leaves_the_shelf_at_the_instant() -> None:
    ending = make_product(licence=licence_that_ends())
    other = make_product(licence=licence_that_ends(starts_on=date(2026, 1, 1)))
    Licence.objects.filter(pk=other.licence_id).update(ends_on=date(2028, 12, 31))
    shelf()

    assert seen_at(TERM_ENDS - MICROSECOND) == {ending.pk, other.pk}
    assert seen_at(TERM_ENDS) == {other.pk}


def test_in_the_sell_off_declared_stock_stays_until_that_ends_at_the_instant() -> None:
    licence = licence_that_ends(sell_off_days=30)
    declared = make_product(licence=licence)
    other = make_product(licence=licence)
    at = datetime(2027, 12, 30, tzinfo=UTC)
    declare_inventory(licence, {declared.sku: 5, other.sku: 0}, stated_on=date(2027, 12, 29), by=None, at=at)
    shelf()

    assert seen_at(TERM_ENDS - MICROSECOND) == {declared.pk, other.pk}
    assert seen_at(TERM_ENDS) == {declared.pk}
    assert seen_at(SELL_OFF_ENDS - MICROSECOND) == {declared.pk}
    assert seen_at(SELL_OFF_ENDS) == set()
