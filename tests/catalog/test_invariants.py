import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import ShelfSpan
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_true_shelf_passes():
    factories.make_product(prices={"us": 3800, "eu": 3500}, variants=2)

    out = StringIO()
    call_command("check_invariants", json=True, stdout=out)

    assert json.loads(out.getvalue())["breaches"] == {"law of the shelf": 0, "spans without a product": 0}


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
