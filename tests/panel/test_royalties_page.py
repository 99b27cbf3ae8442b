"""What is owed and paid, in the panel: a licence's royalties with the earn-out, and the payouts of the shop."""

from datetime import date
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from licensing.ledger.forecast import earn_out
from licensing.ledger.payments import record_payment
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Statement
from licensing.sheets.outlook import BOTTOM, HIGH, LEFT, RIGHT, TOP, WIDE, plot_of
from licensing.sheets.sheet import Words
from merchants.models import Merchant
from orders.models import Order, Parcel, Payout, PayoutLine, SaleFact
from tests.panel.conftest import order_of, signed_in


def at(merchant: Merchant, *parts: str, language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/" + "".join(f"{part}/" for part in parts)


@pytest.fixture
def guaranteed(statement: Statement) -> Statement:
    licence = statement.licence
    terms = {"currency": "USD", "zone": "UTC", "rate": "10%"}
    guarantee = {"amount": "100.00", "from": "2026-01-01", "to": "2028-12-31"}
    set_terms(licence, terms | {"guarantees": [guarantee]}, by=None)
    record_payment(
        licence, amount=4000, paid_on=date(2026, 1, 5), reference="TT-7", kind="ADVANCE", by=None, at=timezone.now()
    )
    return compute_statement(licence, statement.period)


@pytest.fixture
def payout(parcel: Parcel) -> Payout:
    line = parcel.lines.get()
    fact = SaleFact.objects.get(line=line)
    made = Payout.objects.create(
        merchant=parcel.merchant, currency="USD", amount=2500, reference="OUT-1", made_at=timezone.now()
    )
    PayoutLine.objects.create(payout=made, fact=fact, amount=2500)
    return made


def test_a_licences_page_says_what_was_earned_advanced_and_is_expected(
    owner: Client, merchant: Merchant, guaranteed: Statement
) -> None:
    licence = guaranteed.licence
    link = at(merchant, "royalties", licence.public_id)
    assert f'href="{link}"' in owner.get(at(merchant, "statements")).content.decode()

    page = owner.get(link).content.decode()

    words = (
        "Earned in all",
        "$2.50",
        "TT-7",
        "$40.00",
        "Minimum guarantee",
        "$100.00",
        "<polyline",
        guaranteed.public_id,
    )
    assert [word in page for word in words] == [True] * len(words)


def test_a_licence_without_terms_has_a_page_that_says_so(owner: Client, merchant: Merchant) -> None:
    page = owner.get(at(merchant, "royalties", merchant.licences.get().public_id))

    assert (page.status_code, "Nothing has been computed" in page.content.decode()) == (200, True)


def test_the_drawing_stays_in_its_frame_and_ends_where_the_forecast_says() -> None:
    history = [(date(2026, 3, 31), 250_00), (date(2026, 6, 30), 600_00)]
    outlook = earn_out(
        history, guarantee=1000_00, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31), as_of=date(2026, 7, 31),
        currency="USD",
    )  # fmt: skip
    plot = plot_of(outlook, history, Words("USD"))

    def places(points: str) -> list[tuple[int, int]]:
        return [tuple(map(int, point.split(","))) for point in points.split()]

    every = [*places(plot.earned), *places(plot.ahead), *places(plot.area)]
    assert all(LEFT <= x <= WIDE - RIGHT and TOP <= y <= HIGH - BOTTOM for x, y in every)
    assert places(plot.earned)[0] == (LEFT, HIGH - BOTTOM)
    assert places(plot.earned)[-1] == places(plot.ahead)[0] == (plot.today_x, plot.today_y)
    assert places(plot.ahead)[-1][0] == WIDE - RIGHT
    assert (places(plot.ahead)[-1][1] < plot.goal_y) == (outlook.by_end > outlook.guarantee)
    assert outlook.pace > Fraction(0)
    assert 3 <= len(plot.rungs) <= 8


def test_payouts_show_what_they_are_made_of_and_what_waits(
    owner: Client, merchant: Merchant, payout: Payout, parcel: Parcel, goods: object
) -> None:
    order = order_of(goods, 1)

    page = owner.get(at(merchant, "payouts")).content.decode()
    words = ("OUT-1", "$25.00", order.number, "has not taken it")
    assert [word in page for word in words] == [True] * 4
    page = owner.get(at(merchant, "payouts", payout.public_id)).content.decode()
    assert [word in page for word in ("Ferry mug", "$25.00", parcel.order.number)] == [True] * 3


@pytest.mark.parametrize("role, status", [("finance", 200), ("read_only", 200), ("catalogue", 403), ("orders", 403)])
def test_money_is_for_those_who_deal_with_it(merchant: Merchant, payout: Payout, role: str, status: int) -> None:
    client, licence = signed_in(merchant, role), merchant.licences.get()

    addresses = (("payouts",), ("payouts", payout.public_id), ("royalties", licence.public_id))
    assert [client.get(at(merchant, *one)).status_code for one in addresses] == [status] * 3


def test_a_neighbours_money_is_not_there(rival: Client, merchant: Merchant, payout: Payout) -> None:
    licence = merchant.licences.get()

    assert rival.get("/panel/en/rival/payouts/").status_code == 200
    assert "OUT-1" not in rival.get("/panel/en/rival/payouts/").content.decode()
    assert rival.get(f"/panel/en/rival/payouts/{payout.public_id}/").status_code == 404
    assert rival.get(f"/panel/en/rival/royalties/{licence.public_id}/").status_code == 404


def test_the_pages_cost_the_same_for_few_and_for_many(
    owner: Client, merchant: Merchant, payout: Payout, goods: object
) -> None:
    counts = []
    for more in (0, 3):
        for number in range(more):
            order = order_of(goods, 1)
            fact = SaleFact.objects.get(line__order=order)
            if number:
                PayoutLine.objects.create(payout=payout, fact=fact, amount=1)
        if not more:
            order_of(goods, 1)
        for address in (at(merchant, "payouts"), at(merchant, "payouts", payout.public_id)):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(address).status_code == 200
            counts.append(len(queries))

    assert counts[:2] == counts[2:]
    assert Order.objects.count() == 5
