"""Giving back: exact shares, one number with the provider, and what happens when a worker dies between."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Market, Stock, Variant
from licensing.models import Licence
from orders import refunds
from orders.closing import cancel_order, cancel_pieces
from orders.models import Order, OrderLine, Refund, SaleFact
from orders.payments import ProviderAway
from orders.refunds import Pieces, execute_refund, execute_refunds, request_refund, share_of, try_refund_again
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import MINUTE, Place, refused, sells
from tests.orders.test_results import tell


@dataclass
class Answer:
    status: str
    provider_reference: str = ""
    problem: str = ""


@dataclass
class Books:
    """A provider that gives back once under each number, and remembers."""

    given: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    trouble: Any = None

    def refund(self, refund: Refund) -> Answer:
        self.calls += 1
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble:
            return self.trouble
        self.given[refund.public_id] = refund.amount
        return Answer("succeeded", f"R-{refund.public_id}")


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    books = Books()
    monkeypatch.setattr(refunds, "provider_named", lambda code: books)
    return books


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    """Three pieces at 38.00 and 8 % tax, paid."""
    order = place(variant, 3)
    tell(order.payments.get())
    order.refresh_from_db()
    return order


@pytest.fixture
def line(order: Order) -> OrderLine:
    return order.lines.get()


def ask(order: Order, what: Pieces, reason: str = "goodwill") -> Refund | None:
    return request_refund(order, what, reason=reason, by=None, at=NOW)


@given(
    total=st.integers(0, 10**9),
    steps=st.lists(st.integers(1, 50), min_size=1, max_size=12),
)
def test_shares_add_up_to_the_whole_in_any_steps(total: int, steps: list[int]) -> None:
    pieces, before, given = sum(steps), 0, 0
    for back in steps:
        share = share_of(total, pieces, before, back)
        assert abs(share * pieces - total * back) <= pieces
        before, given = before + back, given + share
    assert given == total


@pytest.mark.django_db
def test_each_piece_gives_its_share_back_and_the_last_one_the_rest(order: Order, line: OrderLine, books: Books) -> None:
    amounts = [ask(order, Pieces({line: 1})).amount for _piece in range(3)]

    assert amounts == [4104, 4104, 4104]
    assert sum(amounts) == line.total_amount
    with refused("too_many_pieces"):
        ask(order, Pieces({line: 1}))
    assert execute_refunds(at=NOW) == 3
    order.payments.get().refresh_from_db()
    assert order.payments.get().refunded_amount == 12312
    assert [(fact.kind, fact.quantity) for fact in SaleFact.objects.order_by("pk")] == [
        ("sale", 3), ("return", 1), ("return", 1), ("return", 1),
    ]  # fmt: skip


@pytest.mark.django_db
def test_goodwill_comes_off_what_can_still_be_given_back(order: Order, line: OrderLine) -> None:
    assert ask(order, Pieces(amounts={line: 2000})).amount == 2000
    with refused("refund_too_large"):
        ask(order, Pieces(amounts={line: 10313}))

    assert ask(order, Pieces({line: 3})).amount == 10312
    line.refresh_from_db()
    assert line.refunded_amount == line.total_amount


@pytest.mark.django_db
def test_delivery_is_given_back_once(order: Order) -> None:
    parcel = order.parcels.get()

    assert ask(order, Pieces(parcels=[parcel])).amount == parcel.total_amount == 1296
    assert ask(order, Pieces(parcels=[parcel])) is None


@pytest.mark.django_db
def test_an_unpaid_order_has_nothing_to_give_back(place: Place, variant: Variant) -> None:
    order = place(variant, 1)

    with refused("not_paid"):
        ask(order, Pieces({order.lines.get(): 1}))

    assert Refund.objects.count() == 0


@pytest.mark.django_db
def test_a_worker_that_died_before_its_commit_gives_back_once(
    order: Order, line: OrderLine, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = ask(order, Pieces({line: 1}))
    monkeypatch.setattr(refunds, "_succeeded", lambda *_: (_ for _ in ()).throw(SystemExit("killed")))
    with pytest.raises(SystemExit):
        execute_refund(refund.pk, at=NOW)
    monkeypatch.undo()
    monkeypatch.setattr(refunds, "provider_named", lambda code: books)

    assert execute_refund(refund.pk, at=NOW + MINUTE) is False  # still claimed
    assert execute_refund(refund.pk, at=NOW + 5 * MINUTE) is True

    assert (books.calls, books.given) == (2, {refund.public_id: 4104})
    assert order.payments.get().refunded_amount == 4104
    assert SaleFact.objects.filter(kind="return").count() == 1


@pytest.mark.django_db
def test_a_provider_that_is_away_is_asked_again_later(order: Order, line: OrderLine, books: Books) -> None:
    refund = ask(order, Pieces({line: 1}))
    books.trouble = ProviderAway("no answer")

    assert execute_refunds(at=NOW) == 0
    refund.refresh_from_db()
    assert (refund.state, refund.problem, refund.try_at) == ("requested", "no answer", NOW + timedelta(seconds=60))
    books.trouble = None

    assert execute_refunds(at=NOW + MINUTE) == 1


@pytest.mark.django_db
def test_what_a_provider_refuses_is_shown_to_a_person_who_may_try_again(
    order: Order, line: OrderLine, books: Books
) -> None:
    refund = ask(order, Pieces({line: 1}))
    books.trouble = Answer("failed", problem="SELLER_BALANCE_NOT_ENOUGH")

    assert execute_refunds(at=NOW) == 0
    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.state, order.review) == ("failed", "refund_failed")
    books.trouble = None
    try_refund_again(refund, by=None, at=NOW)
    with refused("already_done"):
        try_refund_again(refund, by=None, at=NOW)

    assert execute_refunds(at=NOW) == 1


@pytest.mark.django_db
def test_a_cancelled_order_is_given_back_whole_with_its_delivery(order: Order, books: Books) -> None:
    cancel_order(order, by=None, at=NOW, reason="changed my mind")
    execute_refunds(at=NOW)

    order.refresh_from_db()
    payment = order.payments.get()
    assert (order.state, payment.refunded_amount) == ("cancelled", order.total_amount)
    assert Stock.objects.get().reserved == 0
    assert (order.reservations.count(), Licence.objects.get().units_used) == (0, 0)
    with refused("already_done"):
        cancel_order(order, by=None, at=NOW)


@pytest.mark.django_db
def test_what_was_sent_is_not_cancelled(order: Order, line: OrderLine) -> None:
    OrderLine.objects.update(shipped=1)

    with refused("already_sent"):
        cancel_order(order, by=None, at=NOW)
    with refused("too_many_pieces"):
        cancel_pieces(line, 3, by=None, at=NOW)

    assert Stock.objects.get().reserved == 3
    assert Refund.objects.count() == 0


@pytest.mark.django_db
def test_some_pieces_are_cancelled_and_the_last_take_the_delivery_along(
    place: Place, variant: Variant, market: Market, books: Books
) -> None:
    other = factories.make_product(prices={"us": 1000})
    sells(other, market, 300)
    order = place(variant, 3, other.variants.get(), 1)
    tell(order.payments.get())
    line = order.lines.first()

    cancel_pieces(line, 2, by=None, at=NOW)
    cancel_pieces(line, 1, by=None, at=NOW)

    assert [refund.amount for refund in Refund.objects.all()] == [8208, 4104 + 1296]
    order.refresh_from_db()
    assert order.state == "paid"
    assert [held.variant for held in order.reservations.all()] == [other.variants.get()]
    cancel_pieces(order.lines.last(), 1, by=None, at=NOW)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert sum(refund.amount for refund in Refund.objects.all()) == order.total_amount
