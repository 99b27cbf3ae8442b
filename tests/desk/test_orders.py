"""Orders at the desk: found, read whole, and changed by verbs alone."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import Stock, TaxRate, Variant
from core.money import Money
from orders.models import Order, OrderLine, Parcel, Refund, Return, Shipment, ShippingRate
from orders.returning import announce_return
from orders.shipping import ship
from tests.factories import make_market, make_merchant, make_product
from tests.orders.conftest import sells
from tests.panel.conftest import order_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(db: None) -> Variant:
    product = make_product(stock=10, title_en="Ferry mug")
    TaxRate.objects.create(market=make_market("us"), country="US", rate=Decimal("0.08"), starts_on="2020-01-01")
    sells(product)
    return product.variants.get()


@pytest.fixture
def order(variant: Variant) -> Order:
    """Three pieces, paid."""
    return order_of(variant, 3)


@pytest.fixture
def parcel(order: Order) -> Parcel:
    return order.parcels.get()


@pytest.fixture
def line(order: Order) -> OrderLine:
    return order.lines.get()


def at(row: Any, page: str = "change", code: str = "") -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[row.pk, *([code] if code else [])])


def do(desk: Client, row: Any, code: str, **said: Any) -> Any:
    return desk.post(at(row, "verb", code), said)


def home(model: str) -> str:
    return reverse(f"admin:orders_{model}_changelist")


def test_an_order_is_found_by_its_number_and_its_address(desk: Client, order: Order, variant: Variant) -> None:
    other = order_of(variant, 1, email="other@example.com")

    for said, found in ((order.number.lower(), order), (other.email, other), (order.public_id, order)):
        page = desk.get(home("order"), {"q": said}).content.decode()
        assert [one.number in page for one in (order, other)] == [one == found for one in (order, other)]


def test_orders_that_somebody_has_to_look_at(desk: Client, order: Order, variant: Variant) -> None:
    other = order_of(variant, 1)
    Order.objects.filter(pk=order.pk).update(review="paid_again")

    page = desk.get(home("order"), {"review": "open"}).content.decode()

    assert [one.number in page for one in (order, other)] == [True, False]


def test_the_page_says_what_happened_and_what_came(desk: Client, order: Order, parcel: Parcel, line: OrderLine) -> None:
    ship(parcel, {line: 2}, by=None, at=timezone.now())

    page = desk.get(at(order)).content.decode()

    total = Money(order.total_amount, "USD").in_locale("en")
    told = (
        "Ferry mug",
        "41 Division Street",
        f"Ordered for {total}",
        f"Paid {total}",
        "2 pieces sent",
        "wei@example.com",
    )
    assert [word for word in told if word not in page] == []
    assert order.payments.get().public_id in page
    assert 'name="email"' not in page


def test_the_list_costs_the_same_for_one_order_and_for_three(desk: Client, variant: Variant) -> None:
    counts = []
    for more in (1, 2):
        for _number in range(more):
            order_of(variant, 1)
        with CaptureQueriesContext(connection) as queries:
            desk.get(home("order"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_order_is_cancelled_with_a_reason(desk: Client, order: Order) -> None:
    assert do(desk, order, "cancel", reason="").status_code == 422
    assert Order.objects.get().state == "paid"

    answers = [do(desk, order, "cancel", reason="Asked by phone") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    assert (Order.objects.get().state, Refund.objects.get().amount) == ("cancelled", order.total_amount)
    assert AuditEntry.objects.get(verb="order.cancelled").changes["reason"] == "Asked by phone"


def test_pieces_are_cancelled(desk: Client, order: Order, line: OrderLine) -> None:
    assert do(desk, order, "cancel-pieces", line=line.pk, quantity=4, reason="Broken").status_code == 422
    assert not Refund.objects.exists()
    assert do(desk, order, "cancel-pieces", line=line.pk, quantity=1, reason="Broken").status_code == 302

    line.refresh_from_db()
    assert (line.cancelled, Refund.objects.get().amount, Stock.objects.get().reserved) == (1, 4104, 2)


@pytest.mark.parametrize("amount", ["", "0", "-1", "1.234", "12,50", "1000"])
def test_an_amount_that_cannot_be_refunded_is_refused(desk: Client, order: Order, line: OrderLine, amount: str) -> None:
    assert do(desk, order, "goodwill", line=line.pk, amount=amount, note="Scratched").status_code == 422
    assert not Refund.objects.exists()


def test_an_amount_and_pieces_are_refunded(desk: Client, order: Order, line: OrderLine) -> None:
    assert do(desk, order, "goodwill", line=line.pk, amount="12.50", note="Scratched").status_code == 302
    assert do(desk, order, "refund-pieces", line=line.pk, quantity=1, reason="Lost").status_code == 302

    refunds = list(Refund.objects.order_by("pk").values_list("amount", "reason", "note", "requested_by__username"))
    assert refunds == [(1250, "goodwill", "Scratched", "head"), (4104, "goodwill", "Lost", "head")]


def test_a_line_of_another_order_cannot_be_named(desk: Client, order: Order, variant: Variant) -> None:
    theirs = order_of(variant, 1).lines.get()

    assert do(desk, order, "goodwill", line=theirs.pk, amount="1.00", note="Why").status_code == 422
    assert not Refund.objects.exists()


def test_a_failed_refund_is_tried_again_once(desk: Client, order: Order, line: OrderLine) -> None:
    do(desk, order, "goodwill", line=line.pk, amount="1.00", note="Why")
    refund = Refund.objects.get()
    assert do(desk, refund, "again").status_code == 422
    Refund.objects.update(state="failed", try_at=None)

    answers = [do(desk, refund, "again") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    assert Refund.objects.get().state == "requested"


def test_a_review_is_settled_with_what_was_found(desk: Client, order: Order) -> None:
    assert do(desk, order, "settle", note="Nothing").status_code == 422
    Order.objects.update(review="paid_again")
    assert do(desk, order, "settle", note=" ").status_code == 422
    assert Order.objects.get().review == "paid_again"

    assert do(desk, order, "settle", note="One payment only").status_code == 302

    assert Order.objects.get().review == ""
    assert AuditEntry.objects.get(verb="order.reviewed").changes["note"] == "One payment only"


def test_staff_sends_and_takes_back_for_a_merchant(desk: Client, parcel: Parcel, line: OrderLine) -> None:
    name = line.public_id
    asked = desk.get(at(parcel, "verb", "ship")).content.decode()
    assert f'type="hidden" name="seen" value="{name}:0"' in asked
    form = {f"pieces-{name}": 2, "seen": f"{name}:0", "carrier": "DHL"}
    assert [do(desk, parcel, "ship", **form).status_code for _ in range(2)] == [302, 302]
    shipment = Shipment.objects.get()
    assert (shipment.by.username, shipment.lines.get().quantity) == ("head", 2)
    assert do(desk, shipment, "delivered").status_code == 302

    assert do(desk, parcel, "announce", **{f"pieces-{name}": 1, "reason": "faulty"}).status_code == 302
    back = Return.objects.get()
    come = {f"received-{name}": 1, f"fit-{name}": 0}
    assert [do(desk, back, "receive", **come).status_code for _ in range(2)] == [302, 422]

    line.refresh_from_db()
    assert (line.shipped, line.returned, Refund.objects.get().amount) == (2, 1, 4104)


def test_staff_refuses_a_return(desk: Client, parcel: Parcel, line: OrderLine) -> None:
    ship(parcel, {line: 1}, by=None, at=timezone.now())
    back = announce_return(parcel, {line: 1}, reason="withdrawal", by=None, at=timezone.now())

    assert do(desk, back, "refuse", answer="").status_code == 422
    assert Return.objects.get().state == "requested"
    assert do(desk, back, "refuse", answer="It was worn").status_code == 302
    assert (Return.objects.get().state, Return.objects.get().answer) == ("refused", "It was worn")


def test_who_only_reads_does_nothing(reader_desk: Client, order: Order, parcel: Parcel, line: OrderLine) -> None:
    page = reader_desk.get(at(order)).content.decode()

    assert order.number in page
    assert at(order, "verb", "cancel") not in page
    for row, code in ((order, "cancel"), (parcel, "ship")):
        assert do(reader_desk, row, code, reason="No").status_code == 403
    assert (Order.objects.get().state, Shipment.objects.count()) == ("paid", 0)


def test_a_rate_is_kept_and_its_countries_are_the_markets(desk: Client, db: None) -> None:
    merchant, eu = make_merchant("harbour"), make_market("eu")
    said = {"merchant": merchant.pk, "market": eu.pk, "code": "standard", "amount": 600, "further_amount": 100}
    said |= {"min_days": 2, "max_days": 5, "is_active": "on", "countries": "de, fr"}
    add = reverse("admin:orders_shippingrate_add")

    for wrong in ({"countries": "DE US"}, {"max_days": 1}, {"amount": -1}):
        assert desk.post(add, said | wrong).status_code == 422
    assert not ShippingRate.objects.exists()
    assert desk.post(add, said).status_code == 302

    rate = ShippingRate.objects.get()
    assert (rate.countries, rate.amount, rate.free_from) == (["DE", "FR"], 600, None)
    assert desk.post(at(rate), said | {"amount": 700, "countries": ""}).status_code == 302
    rate.refresh_from_db()
    assert (rate.amount, rate.countries, rate.merchant) == (700, [], merchant)
    assert AuditEntry.objects.get(verb="rate.changed").changes["amount"] == [600, 700]
