"""Reviews: who may write one, who reads it first, and where it is seen."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from catalog.models import Product
from core.errors import Refused
from fans.models import Review
from fans.reviews import answer_review, hide_review, show_review, write_review
from tests import factories
from tests.factories import NOW
from tests.fans.conftest import bought, make_fan
from tests.orders.conftest import refused

pytestmark = pytest.mark.django_db
HOME = "/us/en/account/reviews/"
FORM = {"stars": "4", "title": "Warm <hands>", "text": "It holds\ntea.", "name": "Wei"}
SAID = {"stars": 4, "title": "Warm hands", "text": "It holds tea.", "name": "Wei", "language": "en", "at": NOW}


@pytest.fixture
def desk() -> User:
    return factories.make_user("desk")


def said(user: User, product: Product, *, is_shown: bool = True, **changes: Any) -> Review:
    """What somebody who has received it says, read and shown unless told otherwise."""
    bought(user, product)
    review = write_review(user, product, **SAID | changes)
    if is_shown:
        review.state, review.decided_at = Review.State.SHOWN, NOW
        review.save()
    return review


def page_of(product: Product, rest: str = "") -> str:
    return f"/us/en/goods/p/{product.slug}/{rest}"


def read(product: Product, **headers: str) -> str:
    return Client().get(page_of(product, "reviews/"), headers=headers).content.decode()


def test_who_received_it_writes_and_nobody_reads_it_before_the_studio(
    fans_client: Client, fan: User, product: Product
) -> None:
    bought(fan, product)
    assert "Ferry mug" in fans_client.get(HOME).content.decode()

    answer = fans_client.post(f"{HOME}{product.slug}/", FORM)

    review = Review.objects.get()
    assert (answer.status_code, review.user, review.product, review.state) == (303, fan, product, "waiting")
    assert (review.stars, review.title, review.text, review.name) == (4, "Warm <hands>", "It holds\ntea.", "Wei")
    assert "Warm" not in read(product)
    assert "Waits to be read" in fans_client.get(HOME).content.decode()


@pytest.mark.parametrize("how", ["stranger", "paid only", "another's"])
def test_who_never_received_it_may_not(fans_client: Client, fan: User, rival: User, product: Product, how: str) -> None:
    if how == "paid only":
        bought(fan, product, sent=0)
    if how == "another's":
        bought(rival, product)

    looked = fans_client.get(f"{HOME}{product.slug}/")
    answer = fans_client.post(f"{HOME}{product.slug}/", FORM)

    assert (looked.status_code, answer.status_code) == (403, 403)
    assert "Only who has received it from us" in answer.content.decode()
    with refused("not_received"):
        write_review(fan, product, **SAID)
    assert not Review.objects.exists()


def test_what_nobody_may_see_is_not_named(fans_client: Client, fan: User) -> None:
    hidden = factories.make_product(title_en="Secret", state=Product.State.DRAFT)

    assert [fans_client.get(f"{HOME}{slug}/").status_code for slug in (hidden.slug, "no-such-thing")] == [404, 404]
    assert fans_client.get(page_of(hidden, "reviews/")).status_code == 404
    bought(fan, hidden)
    assert fans_client.get(f"{HOME}{hidden.slug}/").status_code == 200


@pytest.mark.parametrize("wrong", [{"stars": ""}, {"stars": "6"}, {"stars": "x"}, {"title": " "}, {"title": "x" * 121}, {"text": "x" * 4001}, {"name": "x" * 41}, {"title": "a\x00b"}])  # fmt: skip  # noqa: E501
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    fans_client: Client, fan: User, product: Product, wrong: dict[str, str]
) -> None:
    bought(fan, product)

    answer = fans_client.post(f"{HOME}{product.slug}/", FORM | {"text": "Still <here>"} | wrong)

    assert (answer.status_code, "field-error" in answer.content.decode()) == (422, True)
    if "text" not in wrong:
        assert "Still &lt;here&gt;" in answer.content.decode()
    assert not Review.objects.exists()


def test_there_is_one_of_each_person_and_what_is_written_anew_is_read_anew(fan: User, product: Product) -> None:
    first = said(fan, product, title="Fine")
    Review.objects.update(answer="Thanks", answered_at=NOW)

    write_review(fan, product, **SAID | {"title": "Broke", "stars": 1, "at": NOW + timedelta(days=1)})

    review = Review.objects.get()
    assert (review.pk, review.title, review.state, review.decided_at, review.answer) == (
        first.pk, "Broke", "waiting", None, "",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(user=fan, product=product, stars=5, title="Again", language="en", written_at=NOW)


def test_it_is_shown_and_hidden_at_once_and_the_trail_says_by_whom(
    fan: User, product: Product, desk: User, fans_client: Client
) -> None:
    review = said(fan, product, is_shown=False)
    Client().get(page_of(product))

    show_review(review, by=desk, at=NOW, version=review.version)
    shown = read(product)
    hide_review(review, by=desk, at=NOW, version=review.version, reason="Names a neighbour")

    assert ("Warm hands" in shown, "Warm hands" in read(product)) == (True, False)
    assert "Not shown: Names a neighbour" in fans_client.get(HOME).content.decode()
    entries = AuditEntry.objects.filter(subject_id=review.public_id).order_by("pk")
    assert [(entry.verb, entry.actor) for entry in entries] == [("review.shown", desk), ("review.hidden", desk)]


def test_words_that_nobody_has_read_are_not_shown(fan: User, product: Product, desk: User) -> None:
    seen = said(fan, product, is_shown=False)
    write_review(fan, product, **SAID | {"title": "Other words", "at": NOW + timedelta(minutes=1)})

    for act in (show_review, hide_review):
        with refused("review_changed"):
            act(seen, by=desk, at=NOW, version=seen.version, **({"reason": "x"} if act is hide_review else {}))
    now = Review.objects.get()
    with refused("review_changed"):
        show_review(now, by=desk, at=NOW, version=seen.version)

    assert Review.objects.get().state == "waiting"
    assert not AuditEntry.objects.filter(verb__startswith="review.").exists()


def test_the_desk_reads_and_decides(fan: User, product: Product, admin_client: Client) -> None:
    review = said(fan, product, is_shown=False, title="Warm <hands>")
    listed = admin_client.get("/desk/fans/review/").content.decode()
    page = admin_client.get(f"/desk/fans/review/{review.pk}/do/show/").content.decode()
    assert ("Warm &lt;hands&gt;" in listed, "Warm &lt;hands&gt;" in page) == (True, True)

    version = re.search(r'name="version" value="(\d+)"', page)[1]
    stale = admin_client.post(f"/desk/fans/review/{review.pk}/do/show/", {"version": "1"})
    done = admin_client.post(f"/desk/fans/review/{review.pk}/do/show/", {"version": version})
    nameless = admin_client.post(f"/desk/fans/review/{review.pk}/do/hide/", {"version": version})

    assert (stale.status_code, done.status_code, nameless.status_code) == (422, 302, 422)
    assert Review.objects.get().state == "shown"
    assert "Warm" not in admin_client.get("/desk/fans/review/").content.decode()
    assert admin_client.get("/desk/fans/review/?show=all").content.decode().count("Warm") > 0


def test_the_product_s_page_and_machines_say_the_same_and_nothing_of_none(
    fan: User, rival: User, product: Product
) -> None:
    before = Client().get(page_of(product)).content.decode()
    said(fan, product, stars=5)
    said(rival, product, stars=4)
    said(make_fan("third@example.com"), product, stars=1, is_shown=False)

    page = Client().get(page_of(product), {"v": "fresh"}).content.decode()

    assert ("aggregateRating" in before, "from 2 reviews" in before) == (False, False)
    assert "4.5 from 2 reviews" in page
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])
    assert data["@graph"][0]["aggregateRating"] == {
        "@type": "AggregateRating", "ratingValue": "4.5", "reviewCount": 2, "bestRating": 5, "worstRating": 1,
    }  # fmt: skip


def test_the_fragment_and_the_page_say_the_same(fan: User, product: Product) -> None:
    said(fan, product, title="Warm <hands>", text="One\nTwo", name="")

    part, whole = read(product, **{"HX-Request": "true"}), read(product)

    assert part.lstrip().startswith('<div class="reviews-list"')
    for words in ("Warm &lt;hands&gt;", "One<br>Two", "A buyer", "1 review", "bought here"):
        assert (words in part, words in whole) == (True, True)
    assert fan.email not in whole
    assert "Set-Cookie" not in Client().get(page_of(product, "reviews/"))


def test_a_list_of_three_asks_as_much_as_one_of_one_and_goes_on(product: Product) -> None:
    read(product)
    counts = []
    for number in (1, 2, 9):
        for _time in range(number):
            said(
                make_fan(f"fan{Review.objects.count()}@example.com"), product, title=f"Title {Review.objects.count()}."
            )
        with CaptureQueriesContext(connection) as asked:
            page = read(product)
        counts.append(len(asked))

    assert counts[0] == counts[1] == counts[2]
    assert ("Title 11." in page, "Title 0." in page) == (True, False)
    more = Client().get(re.search(r'href="([^"]+\?before=\d+)"', page)[1]).content.decode()
    assert ("Title 11." in more, "Title 0." in more) == (False, True)
    assert Client().get(page_of(product, "reviews/?before=x'--")).status_code == 200


def test_another_s_review_is_neither_read_in_the_form_nor_deleted(
    rivals_client: Client, fan: User, rival: User, product: Product
) -> None:
    said(fan, product, title="Mine")
    bought(rival, product)

    form = rivals_client.get(f"{HOME}{product.slug}/").content.decode()
    rivals_client.post(f"{HOME}{product.slug}/", {"remove": "1"})

    assert ("Mine" in form, Review.objects.get().title) == (False, "Mine")
    assert "Mine" not in rivals_client.get(HOME).content.decode()


def test_its_author_takes_it_back(fans_client: Client, fan: User, product: Product) -> None:
    said(fan, product)

    fans_client.post(f"{HOME}{product.slug}/", {"remove": "1"})

    assert not Review.objects.exists()
    assert "No reviews yet" in read(product)


def test_only_what_is_shown_is_answered(fan: User, product: Product, desk: User) -> None:
    review = said(fan, product, is_shown=False)
    with pytest.raises(Refused):
        answer_review(review, by=desk, at=NOW, answer="Thanks", version=review.version)
    show_review(review, by=desk, at=NOW, version=review.version)

    answer_review(review, by=desk, at=NOW, answer="Thanks <3", version=review.version)

    assert "Thanks &lt;3" in read(product)


def test_stars_are_one_to_five(fan: User, product: Product) -> None:
    for stars in (0, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(user=fan, product=product, stars=stars, title="x", language="en", written_at=NOW)
