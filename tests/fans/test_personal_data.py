"""What the shop knows of a person is told to them whole, and to nobody else; it goes with the account, but for what has to stay."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from catalog.models import Product
from fans.addresses import keep_address
from fans.models import Address, Review
from fans.personal_data import delete_account, everything_about
from fans.reviews import write_review
from orders.forgetting import forget_buyers, kept_until
from orders.links import order_path
from orders.models import Basket, Document, Order
from tests import factories
from tests.factories import NOW
from tests.fans.conftest import bought
from tests.orders.conftest import ADDRESS, refused
from tests.storefront.test_checkout import add
from tests.storefront.test_security import _signed_in_an_hour_ago, come_in, make_fan

pytestmark = pytest.mark.django_db
HOME = "/us/en/account/data/"
#: What names a person: told by one of the parts, or of no concern to a fan, who has none of them.
TOLD = {
    "mfa.Authenticator", "usersessions.UserSession", "accounts.AuditEntry", "merchants.Member", "orders.Basket", "orders.Order",
    "fans.Address", "fans.Follow", "fans.Review", "fans.Wish", "fans.Wishlist",
}  # fmt: skip
OF_OTHERS = {
    "admin.LogEntry",
    "account.EmailAddress",
    "campaigns.Campaign",
    "orders.Shipment",
    "orders.Refund",
    "orders.Payout",
}
OF_WORK = ("merchants.", "licensing.", "catalog.ImportRun", "catalog.StockChange")


@pytest.fixture
def whole(fan: User, product: Product, fans_client: Client) -> User:
    """A fan of whom there is something in every table."""
    order = bought(fan, product, gift_message="For mum")
    keep_address(fan, country="US", address=ADDRESS, phone="", at=NOW)
    told = {"stars": 4, "title": "Warm hands", "text": "", "name": "Wei", "language": "en"}
    write_review(fan, product, **told, at=NOW)
    add(fans_client, product.variants.get(), 2)
    Authenticator.objects.create(user=fan, type="totp", data={"secret": "SEALED-SECRET"})
    UserSession.objects.create(user=fan, ip="192.0.2.7", session_key="SESSION-KEY", user_agent="Firefox", data={})
    AuditEntry.objects.create(actor=fan, verb="order.placed", subject_type="orders.order", subject_id=order.public_id)
    return fan


def test_all_of_it_is_told_and_no_secret(whole: User) -> None:
    told = everything_about(whole, at=NOW)
    text = json.dumps(told)

    assert told["account"]["email"] == "wei@example.com"
    assert told["addresses"][0]["address"]["name"] == "Lin Wei"
    assert [line["title"] for line in told["orders"][0]["lines"]] == ["Ferry mug"]
    assert (told["orders"][0]["gift_message"], told["orders"][0]["phone"]) == ("For mum", "+1 212 555 0100")
    assert told["baskets"][0]["lines"][0]["pieces"] == 2
    assert (told["reviews"][0]["title"], told["trail"][0]["verb"]) == ("Warm hands", "order.placed")
    assert told["signing_in"]["sessions"][0]["address"] == "192.0.2.7"
    assert [secret for secret in ("SEALED-SECRET", "SESSION-KEY", whole.password) if secret in text] == []


def test_every_table_that_names_a_person_is_told_or_known_not_to_be() -> None:
    named = {relation.related_model._meta.label for relation in User._meta.related_objects}

    unknown = {label for label in named - TOLD - OF_OTHERS if not label.startswith(OF_WORK)}

    # What is new here belongs into fans.personal_data.PARTS, and then into TOLD.
    assert unknown == set()


def test_three_orders_ask_as_much_as_one(whole: User, product: Product) -> None:
    counts = []
    for number in (0, 2):
        for _time in range(number):
            bought(whole, product)
        with CaptureQueriesContext(connection) as asked:
            everything_about(whole, at=NOW)
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_the_file_is_one_s_own(whole: User, fans_client: Client, rivals_client: Client) -> None:
    mine, theirs = (one.post(HOME + "export/") for one in (fans_client, rivals_client))
    stranger = Client().post(HOME + "export/")

    assert (mine["Content-Type"], mine["Cache-Control"]) == ("application/json; charset=utf-8", "private, no-store")
    assert mine["Content-Disposition"].startswith('attachment; filename="merchstore-20')
    assert json.loads(mine.content)["account"]["id"] == whole.public_id
    assert whole.email not in theirs.content.decode()
    assert "Ferry mug" not in theirs.content.decode()
    assert (stranger.status_code, fans_client.get(HOME + "export/").status_code) == (302, 303)
    assert fans_client.post(HOME + "export/", headers={"origin": "https://elsewhere.example"}).status_code == 403


def test_who_signed_in_a_while_ago_shows_first_who_they_are(market: Any, settings: Any) -> None:
    settings.RECENT_SIGN_IN_MINUTES = 15
    user = make_fan("lin@example.com")
    client = come_in(user)
    _signed_in_an_hour_ago(client)

    answers = [client.post(HOME + page, {"sure": "1"}) for page in ("export/", "delete/")]

    assert [answer["Location"].split("?")[0] for answer in answers] == ["/us/en/account/confirm/"] * 2
    assert User.objects.filter(pk=user.pk).exists()


def test_the_file_is_not_asked_for_all_day(fans_client: Client) -> None:
    assert [fans_client.post(HOME + "export/").status_code for _time in range(11)][-1] == 429


def test_it_is_said_what_stays_and_until_when_before_anything_goes(whole: User, fans_client: Client) -> None:
    order = Order.objects.get()
    page = fans_client.get(HOME + "delete/").content.decode()

    answer = fans_client.post(HOME + "delete/")

    assert (order.number in page, f"until 31 December {order.placed_at.year + 10}" in page) == (True, True)
    assert (answer.status_code, "Tick this to delete" in answer.content.decode()) == (422, True)
    assert User.objects.filter(pk=whole.pk).exists()


def test_what_the_law_lets_go_goes_at_once_and_the_order_stays(
    whole: User, fans_client: Client, rival: User, product: Product
) -> None:
    keep_address(rival, country="US", address=ADDRESS, phone="", at=NOW)
    theirs = bought(rival, product)

    gone = fans_client.post(HOME + "delete/", {"sure": "1"})

    assert (gone.status_code, gone["Location"]) == (303, "/us/en/account/deleted/")
    assert list(User.objects.values_list("username", flat=True)) == [rival.username]
    assert [model.objects.count() for model in (Review, Basket, Authenticator, UserSession)] == [0, 0, 0, 0]
    assert Address.objects.get().user == rival
    order = Order.objects.exclude(pk=theirs.pk).get()
    assert (order.user, order.phone, order.gift_message, order.email) == (None, "", "", "wei@example.com")
    assert order.address["name"] == "Lin Wei"
    assert fans_client.get("/us/en/account/").status_code == 302
    assert "deleted" in fans_client.get(gone["Location"]).content.decode()
    assert Client().get(order_path(order)).status_code == 200
    theirs.refresh_from_db()
    assert (theirs.user, theirs.phone) == (rival, "+1 212 555 0100")
    assert AuditEntry.objects.filter(verb="account.deleted").get().changes == {}


def test_what_is_still_to_be_sent_keeps_what_the_carrier_needs(fan: User, product: Product) -> None:
    order = bought(fan, product, sent=0, gift_message="For mum")

    delete_account(fan, at=NOW)

    order.refresh_from_db()
    assert (order.user, order.phone, order.gift_message) == (None, "+1 212 555 0100", "For mum")


def test_who_acts_for_others_or_for_the_studio_does_not_go_by_themselves(fan: User, product: Product) -> None:
    product.merchant.members.create(user=fan, role="reader")
    staff = factories.make_user("desk")

    for user, code in ((fan, "account_acts_for_others"), (staff, "account_of_staff")):
        with refused(code):
            delete_account(user, at=NOW)

    assert User.objects.filter(pk__in=[fan.pk, staff.pk]).count() == 2


def test_orders_say_who_bought_until_the_end_of_the_tenth_year_and_not_a_day_longer(
    fan: User, product: Product
) -> None:
    at = datetime(2036, 12, 31, 23, 59, tzinfo=UTC)
    order = bought(fan, product, gift_message="For mum")
    Order.objects.update(placed_at=datetime(2026, 1, 2, tzinfo=UTC))
    order.refresh_from_db()
    content = {"buyer": ["Lin Wei"], "gross": 3800}
    Document.objects.create(order=order, kind="invoice", number="R-1", issued_at=NOW, content=content)

    early = forget_buyers(at=at)
    late = forget_buyers(at=at + timedelta(minutes=1))
    again = forget_buyers(at=at + timedelta(minutes=2))

    assert (kept_until(order), early, late, again) == (date(2036, 12, 31), 0, 1, 0)
    order.refresh_from_db()
    assert (order.email, order.phone, order.gift_message, order.address) == ("", "", "", {"country_code": "US"})
    assert (order.total_amount, Document.objects.get().content) == (3800, {"buyer": [], "gross": 3800})
    assert Client().get(order_path(order)).status_code == 200
