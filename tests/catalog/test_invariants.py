import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import ShelfSpan, Stock
from orders.invariants import CHECKS
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_true_shelf_passes():
    factories.make_product(prices={"us": 3800, "eu": 3500}, variants=2)

    out = StringIO()
    call_command("check_invariants", json=True, stdout=out)

    assert json.loads(out.getvalue())["breaches"] == {
        **dict.fromkeys(CHECKS, 0),
        "law of the shelf": 0,
        "spans without a product": 0,
        "negative stock": 0,
        "more promised than there is": 0,
        "alerts sent twice": 0,
        "journals that do not balance": 0,
        "closed statements that drifted": 0,
        "closed statements behind an open one": 0,
        "accounts that differ from their statement": 0,
        "lines in another licence's statement": 0,
    }


def test_a_span_that_says_something_else_is_found_and_named():
    product = factories.make_product()
    ShelfSpan.objects.filter(product=product).update(amount=1)

    out = StringIO()
    with pytest.raises(CommandError, match="breaches in 1 products"):
        call_command("check_invariants", stdout=out)

    assert product.public_id in out.getvalue()


def test_a_span_that_is_missing_is_found():
    product = factories.make_product()
    ShelfSpan.objects.filter(product=product).delete()

    with pytest.raises(CommandError):
        call_command("check_invariants", stdout=StringIO())


@contextmanager
def without_the_constraint() -> Iterator[None]:
    """As if the database did not hold it: the check is for the day on which it does not."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE catalog_stock DROP CONSTRAINT catalog_stock_never_oversold")
            yield  # the test's transaction takes it back
            return
        cursor.execute("PRAGMA ignore_check_constraints = 1")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = 0")


@pytest.mark.parametrize(
    "stock, named",
    [
        ({"on_hand": -1, "reserved": -1}, ["negative stock: 1", "more promised than there is: 0"]),
        ({"reserved": 13, "pre_order_cap": 2}, ["negative stock: 0", "more promised than there is: 1"]),
    ],
)
def test_stock_that_does_not_add_up_is_found(stock, named):
    variant = factories.make_product(stock=10).variants.get()

    out = StringIO()
    with without_the_constraint():
        Stock.objects.filter(variant=variant).update(**stock)
        with pytest.raises(CommandError):
            call_command("check_invariants", stdout=out)

    assert [line for line in out.getvalue().splitlines() if line in named] == named
