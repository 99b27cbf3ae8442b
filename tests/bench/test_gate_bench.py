"""The gate's bench decides and reads the sets. How fast that is, is not asserted here."""

import pytest

from bench.gate import approve_some, figures
from catalog.models import Product
from licensing.gate import Action
from licensing.models import Certificate
from tests import factories


@pytest.mark.django_db
def test_the_gate_is_measured_one_article_at_a_time_and_all_at_once() -> None:
    licence = factories.make_licence(factories.make_film(), factories.make_merchant(), countries=["US", "CN"])
    for _ in range(2):
        factories.make_product(licence=licence, prices={}, on_shelf=False)

    rows = figures(1)

    assert [row.name for row in rows] == [
        "one decision, facts loaded",
        *(f"{action}, 2 articles × 4 markets (4 allowed)" for action in Action),
    ]
    assert all(row.value > 0 for row in rows)


@pytest.mark.django_db
def test_the_articles_of_a_tenth_of_the_licences_are_approved() -> None:
    for _ in range(10):
        factories.make_product(prices={}, on_shelf=False)

    approve_some()

    approved = Product.objects.filter(licence__needs_approval=True)
    assert approved.count() == 1
    assert list(Certificate.objects.values_list("article__sku", "licence")) == list(
        approved.values_list("sku", "licence")
    )
