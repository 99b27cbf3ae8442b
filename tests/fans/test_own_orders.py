"""The list of a member's own orders."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import Product
from tests.fans.conftest import bought

pytestmark = pytest.mark.django_db

HOME = "/us/en/account/"


def test_each_says_how_far_it_is_on_its_way(fans_client: Client, fan: User, product: Product) -> None:
    bought(fan, product)
    waiting = bought(fan, product, sent=0)
    text = fans_client.get(HOME).content.decode()

    assert text.index(waiting.number) < text.index("Paid, being prepared") < text.index("Sent")


def test_three_orders_ask_as_much_as_one(fans_client: Client, fan: User, product: Product) -> None:
    counts = []
    fans_client.get(HOME)  # what a process keeps is read once
    for number in (1, 2):
        for _time in range(number):
            bought(fan, product)
        with CaptureQueriesContext(connection) as asked:
            fans_client.get(HOME)
        counts.append(len(asked))

    assert counts[0] == counts[1]
