"""The first page of the panel: figures to the cent and to the day, what needs doing, and for whom."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Stock, StockAlert, Variant
from core.money import Money
from merchants.models import Merchant
from merchstore.panel.plots import ceiling, line_plots
from orders.figures import came_back, daily, parcels_waiting, takings
from orders.models import Order, OrderLine, Parcel
from orders.returning import announce_return
from orders.shipping import ship
from tests.factories import make_market, make_product
from tests.orders.conftest import sells
from tests.panel.conftest import order_of, signed_in

ZONE = "Asia/Shanghai"


def home(merchant: Merchant, language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/"


def paid(order: Order, at: datetime) -> int:
    """Have it paid then; what its goods cost with tax."""
    Order.objects.filter(pk=order.pk).update(paid_at=at)
    return sum(OrderLine.objects.filter(order=order).values_list("total_amount", flat=True))


def test_sales_are_counted_to_the_cent_and_by_the_day_of_the_merchants_zone(goods: Variant, merchant: Merchant) -> None:
    at = datetime(2026, 11, 23, 2, 0, tzinfo=ZoneInfo(ZONE))
    midnight = datetime(2026, 11, 23, 0, 0, tzinfo=ZoneInfo(ZONE))
    today = paid(order_of(goods, 1), midnight)
    yesterday = paid(order_of(goods, 2), midnight - timedelta(seconds=1))
    week_before = paid(order_of(goods, 3), midnight - timedelta(days=8))
    unpaid = order_of(goods, 1)
    paid(unpaid, midnight)
    Order.objects.filter(pk=unpaid.pk).update(state=Order.State.CANCELLED)

    [periods] = takings(merchant, zone=ZONE, at=at).values()

    assert [(one.days, one.now, one.before, one.pieces) for one in periods] == [
        (1, Money(today, "USD"), Money(0, "USD"), 1),
        (7, Money(today + yesterday, "USD"), Money(week_before, "USD"), 3),
        (30, Money(today + yesterday + week_before, "USD"), Money(0, "USD"), 6),
    ]
    days = {row.on.isoformat(): row.pieces for row in daily(merchant, zone=ZONE, at=at, days=30) if row.pieces}
    assert days == {"2026-11-23": 1, "2026-11-22": 2, "2026-11-15": 3}
    assert len(daily(merchant, zone=ZONE, at=at, days=90)) == 90


def test_today_is_compared_with_yesterday_until_the_same_hour(goods: Variant, merchant: Merchant) -> None:
    at = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo(ZONE))
    before = paid(order_of(goods, 1), at - timedelta(days=1))
    paid(order_of(goods, 5), at - timedelta(days=1) + timedelta(seconds=1))

    today = takings(merchant, zone=ZONE, at=at)["USD"][0]

    assert (today.now.amount, today.before.amount, today.pieces_before) == (0, before, 1)


def test_what_was_refunded_is_taken_off_and_a_neighbours_sales_are_not_there(
    goods: Variant, merchant: Merchant
) -> None:
    order, theirs = order_of(goods, 2), make_product(stock=9)
    sells(theirs)
    order_of(theirs.variants.get(), 3)
    total = sum(order.lines.values_list("total_amount", flat=True))
    order.lines.update(refunded_amount=500)

    [periods] = takings(merchant, zone=ZONE, at=timezone.now()).values()

    assert [(one.now.amount, one.pieces) for one in periods[1:]] == [(total - 500, 2)] * 2


def test_of_what_was_sent_so_much_came_back(goods: Variant, merchant: Merchant) -> None:
    OrderLine.objects.filter(order=order_of(goods, 4)).update(shipped=4, returned=1)

    now, before = came_back(merchant, zone=ZONE, at=timezone.now())

    assert (now.per_mille, before.per_mille) == (250, None)


def test_parcels_returns_and_stock_ask_for_somebody(
    owner: Client, merchant: Merchant, parcel: Parcel, goods: Variant
) -> None:
    line = parcel.lines.get()
    ship(parcel, {line: 1}, by=None, at=timezone.now())
    announce_return(parcel, {line: 1}, reason="wrong", by=None, at=timezone.now())
    Stock.objects.filter(variant=goods).update(on_hand=2, reserved=2)
    today = timezone.localdate()
    Parcel.objects.update(arrives_to=today)
    assert parcels_waiting(merchant, today=today) == (1, 0, 1)
    assert parcels_waiting(merchant, today=today + timedelta(days=1)) == (1, 1, 1)

    page = owner.get(home(merchant)).content.decode()

    said = ("1 parcel to send", "1 return to receive", "1 variant is sold out")
    assert [words in page for words in said] == [True] * 3
    assert f'href="{home(merchant)}orders/?show=returns"' in page
    assert f'href="{home(merchant)}products/?stock=out"' in page


def test_licences_and_papers_that_end_are_named_with_their_day(owner: Client, merchant: Merchant) -> None:
    today = timezone.now().astimezone(ZoneInfo(ZONE)).date()
    merchant.licences.update(ends_on=today + timedelta(days=91))
    assert "ends soon" not in owner.get(home(merchant)).content.decode()

    merchant.licences.update(ends_on=today + timedelta(days=90))
    Merchant.objects.filter(pk=merchant.pk).update(documents_expire_on=today - timedelta(days=1))
    page = owner.get(home(merchant)).content.decode()

    assert "1 licence ends soon" in page
    assert "nothing may be sold" in page


def test_people_who_wait_are_the_demand(owner: Client, merchant: Merchant, goods: Variant) -> None:
    theirs = make_product().variants.get()
    now = timezone.now()
    waiting = ((goods, "a", None), (goods, "b", None), (theirs, "a", None), (goods, "c", now))
    for variant, name, sent_at in waiting:
        StockAlert.objects.create(
            variant=variant, market=make_market("us"), email=f"{name}@x.example", language="en", created_at=now,
            sent_at=sent_at,
        )  # fmt: skip

    page = owner.get(home(merchant)).content.decode()

    assert "2 people wait" in page
    assert theirs.sku not in page
    assert "x.example" not in page


@pytest.mark.parametrize(
    "role, sees", [("owner", True), ("catalogue", True), ("orders", False), ("finance", False), ("read_only", False)]
)
def test_what_one_may_not_open_is_not_asked_of_one(merchant: Merchant, role: str, sees: bool) -> None:
    merchant.import_runs.create(file_name="goods.csv", state="refused")

    page = signed_in(merchant, role).get(home(merchant)).content.decode()

    assert ("1 file with refused rows" in page) is sees
    assert (f'href="{home(merchant)}products/new/"' in page) is sees


def test_one_product_costs_as_many_queries_as_three(owner: Client, merchant: Merchant, goods: Variant) -> None:
    def queries() -> int:
        owner.get(home(merchant))
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(home(merchant)).status_code == 200
        return len(asked)

    order_of(goods, 1)
    one = queries()
    for _ in range(2):
        product = make_product(licence=merchant.licences.get(), stock=9)
        sells(product)
        order_of(product.variants.get(), 2)

    assert queries() == one


def test_the_page_draws_what_its_table_says(owner: Client, merchant: Merchant, goods: Variant) -> None:
    order_of(goods, 3)
    page = owner.get(home(merchant) + "?days=90").content.decode()

    assert page.count('class="plot-line sold"') == 2
    assert re.search(r'<td class="number">3</td><td class="number">0</td>', page)
    assert "style=" not in page
    assert "3 pieces in 90 days" in page


def test_the_door_leads_to_it(owner: Client, merchant: Merchant) -> None:
    assert owner.get("/panel/en/")["Location"] == home(merchant)


@pytest.mark.pure
@pytest.mark.parametrize("most, top", [(0, 4), (4, 4), (5, 8), (9, 12), (13, 20), (41, 80), (236, 400)])
def test_axes_end_with_a_number_whose_quarters_are_whole(most: int, top: int) -> None:
    assert ceiling(most) == top
    assert top % 4 == 0
    days = [timezone.localdate() + timedelta(days=i) for i in range(30)]
    assert [drawing["levels"][-1]["words"] for drawing in line_plots(days, [("sold", [most] * 30)])] == [f"{top}"] * 2
