"""A merchant reads what is said of its goods, and answers it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import Product, Variant
from fans.models import Review
from merchants.models import Merchant
from tests.factories import make_product, make_user
from tests.panel.conftest import signed_in

pytestmark = pytest.mark.django_db


def said(product: Product, title: str = "Warm <hands>", state: str = "shown") -> Review:
    user = make_user(f"fan{Review.objects.count()}", is_staff=False, is_superuser=False)
    told = {"language": "en", "written_at": timezone.now(), "decided_at": timezone.now(), "state": state}
    return Review.objects.create(product=product, user=user, stars=4, title=title, **told)


def at(merchant: Merchant, rest: str = "") -> str:
    return f"/panel/en/{merchant.slug}/reviews/{rest}"


def test_what_is_shown_of_own_goods_is_read_and_answered(owner: Client, merchant: Merchant, goods: Variant) -> None:
    review = said(goods.product)
    said(goods.product, "Not read yet", "waiting")
    said(make_product(), "Of another")

    page = owner.get(at(merchant)).content.decode()
    form = {"answer": "Thank <you>", "version": review.version}
    done = owner.post(at(merchant, f"{review.public_id}/answer/"), form)

    assert [words in page for words in ("Warm &lt;hands&gt;", "Not read yet", "Of another")] == [True, False, False]
    assert (done.status_code, Review.objects.get(pk=review.pk).answer) == (302, "Thank <you>")
    assert AuditEntry.objects.get(verb="review.answered").merchant_key == merchant.pk
    assert "Thank &lt;you&gt;" in Client().get(f"/us/en/goods/p/{goods.product.slug}/reviews/").content.decode()
    owner.post(at(merchant, f"{review.public_id}/answer/"), form | {"answer": ""})
    assert Review.objects.get(pk=review.pk).answered_at is None


def test_words_that_were_written_anew_are_not_answered_and_nothing_is_lost(
    owner: Client, merchant: Merchant, goods: Variant
) -> None:
    review = said(goods.product)
    Review.objects.update(written_at=review.written_at + timedelta(minutes=1))

    answer = owner.post(at(merchant, f"{review.public_id}/answer/"), {"answer": "To <that>", "version": review.version})
    long = owner.post(at(merchant, f"{review.public_id}/answer/"), {"answer": "x" * 2001, "version": review.version})

    assert (answer.status_code, "To &lt;that&gt;" in answer.content.decode()) == (422, True)
    assert (long.status_code, Review.objects.get().answer) == (422, "")


def test_nobody_else_s_reviews_are_answered(owner: Client, merchant: Merchant, goods: Variant) -> None:
    theirs, waiting = said(make_product()), said(goods.product, state="waiting")
    mine = said(goods.product)
    told = {"answer": "Hello", "version": theirs.version}

    statuses = [owner.post(at(merchant, f"{one.public_id}/answer/"), told).status_code for one in (theirs, waiting)]
    statuses.append(signed_in(merchant, "orders").post(at(merchant, f"{mine.public_id}/answer/"), told).status_code)

    assert statuses == [404, 404, 403]
    assert not Review.objects.exclude(answer="").exists()


def test_a_page_of_three_asks_as_much_as_one_of_one(owner: Client, merchant: Merchant, goods: Variant) -> None:
    owner.get(at(merchant))
    counts = []
    for number in (1, 2):
        for _time in range(number):
            said(goods.product)
        with CaptureQueriesContext(connection) as asked:
            owner.get(at(merchant))
        counts.append(len(asked))

    assert counts[0] == counts[1]
