"""Money at once, on PostgreSQL, in processes of their own: notices, cancellations, refunds, and workers that are killed.

An order is paid once or its money goes back, whatever meets whatever. The controls beside show what happens without the lock
on the order, and without the conditions of a refund.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db.models import Sum

from catalog.models import Market, Stock, Variant
from licensing.models import Licence
from orders import closing, opening, refunds, results
from orders.closing import cancel_order, expire_orders
from orders.models import Order, Payment, PaymentEvent, Refund, Reservation, SaleFact, SandboxTrade
from orders.opening import open_payment
from orders.payments import sandbox
from orders.payments.provider import Opened
from orders.payments.sandbox import Sandbox
from orders.placing import pay_otherwise, place_lines
from orders.quoting import Wanted
from orders.refunds import Pieces, execute_refund, execute_refunds, request_refund
from orders.results import apply_result
from tests.factories import NOW
from tests.orders.conftest import MINUTE, Place, buyer, terms
from tests.orders.processes import FORK, Meeting, die, in_processes, no_jobs, tried, without_conditions, without_locks  # noqa: F401
from tests.orders.test_results import tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.usefixtures("no_jobs")]

PROCESSES = 8
HOUR = timedelta(hours=1)


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    return place(variant, 3)


@pytest.fixture
def payment(order: Order) -> Payment:
    return order.payments.get()


@pytest.fixture(autouse=True)
def _the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (refunds, opening):
        monkeypatch.setattr(module, "provider_named", lambda _code: Sandbox())


def trade_of(payment: Payment) -> SandboxTrade:
    return SandboxTrade.objects.get(reference=payment.public_id)


def paid_at_the_cashier(payment: Payment) -> SandboxTrade:
    open_payment(payment, return_url="https://shop.example/", notify_url="https://shop.example/")
    sandbox.pay(trade_of(payment), at=NOW)
    return trade_of(payment)


def state(order: Order) -> str:
    return Order.objects.values_list("state", flat=True).get(pk=order.pk)


def reserved() -> int:
    return Stock.objects.get().reserved


def held() -> int:
    return Reservation.objects.aggregate(pieces=Sum("pieces"))["pieces"] or 0


def owed(order: Order) -> int:
    """What came and neither counts nor goes back."""
    came = order.payments.aggregate(sum=Sum("received_amount"))["sum"] or 0
    back = order.refunds.aggregate(sum=Sum("amount"))["sum"] or 0
    return came - back


# -- notices -----------------------------------------------------------------------------------------


def test_one_notice_at_eight_workers_is_heard_once(order: Order, payment: Payment) -> None:
    got = in_processes(*[lambda: tried(lambda: tell(payment))] * PROCESSES)

    assert Counter(got) == {"paid": 1, "repeat": 7}
    assert (SaleFact.objects.count(), PaymentEvent.objects.count(), order.letters.count()) == (1, 1, 1)
    assert (state(order), reserved(), held(), owed(order)) == ("paid", 3, 3, order.total_amount)


def test_one_notice_in_other_words_at_eight_workers_is_heard_once(order: Order, payment: Payment) -> None:
    got = in_processes(*[lambda i=i: tried(lambda: tell(payment, key=f"{i}")) for i in range(PROCESSES)])

    assert Counter(got) == {"paid": 1, "repeat": 7}
    assert (SaleFact.objects.count(), Refund.objects.count(), order.letters.count()) == (1, 0, 1)


def test_without_the_lock_a_notice_is_heard_twice(order: Order, payment: Payment, monkeypatch: Any) -> None:
    """Only the database's own rule of one sale for a line then stands between."""
    without_locks(monkeypatch)
    meeting = Meeting().before(monkeypatch, results, "_claim")

    got = in_processes(*[lambda i=i: tried(lambda: tell(payment, key=f"{i}")) for i in range(2)])

    assert meeting.happened
    assert sorted(got) == ["IntegrityError", "paid"]


@pytest.mark.parametrize("is_locked", [True, False], ids=["with_lock", "without_lock"])
def test_of_two_payments_at_once_one_counts_and_the_other_goes_back(
    order: Order, payment: Payment, monkeypatch: Any, is_locked: bool
) -> None:
    other = pay_otherwise(order, provider="alipay", at=NOW)
    meeting = Meeting(comes=not is_locked).before(monkeypatch, results, "_claim")
    if not is_locked:
        without_locks(monkeypatch)

    got = in_processes(lambda: tried(lambda: tell(payment)), lambda: tried(lambda: tell(other)))

    assert meeting.happened is not is_locked
    assert sorted(got) == (["double", "paid"] if is_locked else ["IntegrityError", "paid"])
    assert order.payments.filter(is_applied=True).count() == 1
    if is_locked:
        assert [(one.reason, one.amount) for one in Refund.objects.all()] == [("double", order.total_amount)]
        assert owed(order) == order.total_amount


def test_a_notice_is_faster_than_the_answer_that_says_where_to_pay(
    order: Order, payment: Payment, monkeypatch: Any
) -> None:
    """The provider has made the trade and its buyer has paid before the shop reads the answer."""
    is_made, is_told = FORK.Event(), FORK.Event()

    class Slow(Sandbox):
        def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
            answer = super().open(payment, return_url=return_url, notify_url=notify_url)
            is_made.set()
            assert is_told.wait(10)
            return answer

    monkeypatch.setattr(opening, "provider_named", lambda _code: Slow())

    def shop() -> str:
        return tried(lambda: open_payment(payment, return_url="https://shop.example/", notify_url="").state)

    def notice() -> str:
        assert is_made.wait(10)
        verdict = tried(lambda: tell(payment, provider_reference="the trade that was paid"))
        is_told.set()
        return verdict

    assert in_processes(shop, notice) == ["succeeded", "paid"]
    payment.refresh_from_db()
    assert (payment.state, payment.is_applied, payment.ask_at) == ("succeeded", True, None)
    assert payment.provider_reference == "the trade that was paid"
    assert (payment.received_amount, state(order)) == (order.total_amount, "paid")


def test_wrong_sums_and_signatures_at_once_with_the_right_notice_change_nothing(
    order: Order, payment: Payment, monkeypatch: Any, settings: Any
) -> None:
    settings.SANDBOX_PRIVATE_KEY = _key()
    trade = paid_at_the_cashier(payment)
    right = sandbox.notice(trade, at=NOW)
    settings.SANDBOX_PRIVATE_KEY, ours = _key(), settings.SANDBOX_PRIVATE_KEY
    strangers = sandbox.notice(trade, at=NOW)
    settings.SANDBOX_PRIVATE_KEY = ours
    altered = right.replace(b"total_amount=", b"total_amount=1")

    def told(body: bytes) -> str:
        return tried(lambda: apply_result("sandbox", Sandbox().read_notice(body, {}), source="notice", at=NOW))

    got = in_processes(
        *[lambda body=body: told(body) for body in (right, strangers, altered, right, strangers, altered)]
    )

    assert Counter(got) == {"paid": 1, "repeat": 1, "bad_signature": 4}
    assert (PaymentEvent.objects.count(), Refund.objects.count(), state(order)) == (1, 0, "paid")


def test_another_sum_at_eight_workers_is_given_back_once(order: Order, payment: Payment) -> None:
    got = in_processes(*[lambda: tried(lambda: tell(payment, amount=payment.amount - 1))] * PROCESSES)

    assert Counter(got) == {"wrong_amount": 1, "repeat": 7}
    assert [(one.amount, one.reason) for one in Refund.objects.all()] == [(payment.amount - 1, "wrong_amount")]
    assert (state(order), SaleFact.objects.count(), owed(order)) == ("pending", 0, 0)


def _key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# -- late --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_swept", [True, False], ids=["expired", "to_be_taken_over"])
def test_a_late_payment_and_a_new_buyer_never_both_get_the_last_piece(
    market: Market, place: Place, variant: Variant, is_swept: bool
) -> None:
    """Orders that were not paid in time, each of all there was; now somebody pays them, and others buy, at once."""
    Stock.objects.update(on_hand=1)
    lines = [Wanted(variant.pk, 1)]
    fresh = terms(market, lines)
    rounds, gate = (20 if is_swept else 1), FORK.Barrier(2)
    late: list[Payment] = []
    for i in range(rounds, 0, -1):
        order = place(variant, 1, at=NOW - i * HOUR, expected_total=fresh.expected_total)
        late.append(order.payments.get())
        if is_swept:
            assert expire_orders(at=NOW - (i - 1) * HOUR) == 1

    def buy() -> Order:
        said = replace(fresh, checkout_key=uuid4().hex)
        return place_lines(lines, market, buyer(email=f"{said.checkout_key}@example.com"), said, at=NOW)

    paid, bought = in_processes(
        lambda: [_in_turn(gate, lambda one=one: tell(one)) for one in late],
        lambda: [_in_turn(gate, buy) for _one in late],
    )

    assert paid.count("paid") + bought.count("done") == 1
    assert set(paid + bought) <= {"paid", "too_late", "done", "out_of_stock"}
    assert (reserved(), held(), Licence.objects.get().units_used) == (1, 1, 1)
    for one, verdict in zip(late, paid, strict=True):
        assert owed(one.order) == (one.amount if verdict == "paid" else 0)


def _in_turn(gate: Any, verb: Any) -> str:
    gate.wait(30)
    return tried(verb)


@pytest.mark.parametrize("is_locked", [True, False], ids=["with_lock", "without_lock"])
def test_who_pays_while_the_order_is_ended_is_not_paid_for_nothing(
    order: Order, payment: Payment, monkeypatch: Any, is_locked: bool
) -> None:
    meeting = Meeting(comes=not is_locked)
    meeting.before(monkeypatch, results, "_claim")
    meeting.before(monkeypatch, closing, "let_go")
    if not is_locked:
        without_locks(monkeypatch)

    late = NOW + 12 * MINUTE
    got = in_processes(lambda: tried(lambda: tell(payment, at=late)), lambda: expire_orders(at=late))

    assert meeting.happened is not is_locked
    assert got[0] == "paid"
    # Without the lock it is paid, and what it held is on sale again.
    assert (reserved(), held()) == ((3, 3) if is_locked else (0, 0))
    assert owed(order) == order.total_amount


# -- cancelled -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["cancel", "notice"])
def test_cancelled_and_paid_at_once_is_cancelled_and_given_back(
    market: Market, place: Place, variant: Variant, monkeypatch: Any, first: str
) -> None:
    """Twenty rounds: whoever is first has the order's row when the other one comes."""
    rounds = 20
    Stock.objects.update(on_hand=rounds)
    orders = [place(variant, 1, by=buyer(email=f"{i}@example.com")) for i in range(rounds)]
    payments = [order.payments.get() for order in orders]
    has_begun = [FORK.Event() for _order in orders]
    at_work: list[int] = []
    owner, name = (closing, "let_go") if first == "cancel" else (results, "_claim")
    whole = getattr(owner, name)

    def begins(*arguments: Any, **named: Any) -> Any:
        has_begun[at_work[-1]].set()
        return whole(*arguments, **named)

    monkeypatch.setattr(owner, name, begins)

    def each(who: str, verb: Any) -> list[str]:
        answers = []
        for i in range(rounds):
            at_work.append(i)
            if who != first:
                assert has_begun[i].wait(10)
            answers.append(tried(lambda i=i: verb(i)))
        return answers

    cancelled, paid = in_processes(
        lambda: each("cancel", lambda i: cancel_order(orders[i], by=None, at=NOW).state),
        lambda: each("notice", lambda i: tell(payments[i])),
    )

    assert cancelled == ["cancelled"] * rounds
    assert paid == (["too_late"] if first == "cancel" else ["paid"]) * rounds
    assert {(order.state, owed(order)) for order in Order.objects.all()} == {("cancelled", 0)}
    assert (reserved(), held(), Licence.objects.get().units_used) == (0, 0, 0)


def test_without_the_lock_an_order_is_paid_and_released(order: Order, payment: Payment, monkeypatch: Any) -> None:
    meeting = Meeting()
    meeting.before(monkeypatch, results, "_claim")
    meeting.before(monkeypatch, closing, "let_go")
    without_locks(monkeypatch)

    got = in_processes(
        lambda: tried(lambda: tell(payment)), lambda: tried(lambda: cancel_order(order, by=None, at=NOW).state)
    )

    assert meeting.happened
    assert got == ["paid", "cancelled"]
    assert (owed(order), held()) == (order.total_amount, 0)


# -- refunds -----------------------------------------------------------------------------------------


@pytest.fixture
def refund(order: Order, payment: Payment) -> Refund:
    """One of three pieces of a paid order is to be given back."""
    tell(payment, provider_reference=paid_at_the_cashier(payment).trade)
    refund = request_refund(order, Pieces({order.lines.get(): 1}), reason="goodwill", by=None, at=NOW)
    assert refund is not None
    return refund


def books(refund: Refund) -> tuple[dict[str, int], int, str]:
    """What the provider says it gave back, and what we say."""
    payment = Payment.objects.get(pk=refund.payment_id)
    return trade_of(payment).refunds, payment.refunded_amount, Refund.objects.get(pk=refund.pk).state


def test_a_worker_killed_after_the_provider_gave_back_gives_back_once(refund: Refund, monkeypatch: Any) -> None:
    with monkeypatch.context() as killing:
        killing.setattr(refunds, "_succeeded", lambda *_arguments: die())
        assert in_processes(lambda: execute_refunds(at=NOW)) == [None]
    assert books(refund) == ({refund.public_id: refund.amount}, 0, "requested")

    # Another one may try when the claim has run out, not before.
    assert in_processes(*[lambda: execute_refunds(at=NOW + 4 * MINUTE)] * 4) == [0, 0, 0, 0]
    assert sum(in_processes(*[lambda: execute_refunds(at=NOW + 5 * MINUTE)] * 4)) == 1

    assert books(refund) == ({refund.public_id: refund.amount}, refund.amount, "succeeded")
    assert SaleFact.objects.filter(kind="return").count() == 1


def test_under_a_new_number_each_time_it_would_be_given_back_twice(refund: Refund, monkeypatch: Any) -> None:
    class Forgetful(Sandbox):
        def refund(self, refund: Refund) -> Any:
            refund.public_id = uuid4().hex
            return super().refund(refund)

    monkeypatch.setattr(refunds, "provider_named", lambda _code: Forgetful())
    with monkeypatch.context() as killing:
        killing.setattr(refunds, "_succeeded", lambda *_arguments: die())
        in_processes(lambda: execute_refunds(at=NOW))
    in_processes(lambda: execute_refunds(at=NOW + 5 * MINUTE))

    given, booked, _state = books(refund)
    assert (sum(given.values()), booked) == (2 * refund.amount, refund.amount)


@pytest.mark.parametrize("is_guarded", [True, False], ids=["as_it_is", "without_claim_and_guard"])
def test_two_workers_with_one_refund_count_it_once(refund: Refund, monkeypatch: Any, is_guarded: bool) -> None:
    meeting = Meeting(comes=not is_guarded).before(monkeypatch, refunds, "_succeeded")
    monkeypatch.setattr(refunds.facts, "return_of", lambda _refund, at: None)
    if not is_guarded:
        without_conditions(monkeypatch, Refund)

    got = in_processes(*[lambda: execute_refund(refund.pk, at=NOW)] * 2)

    assert meeting.happened is not is_guarded
    assert sorted(got) == [not is_guarded, True]
    times = 1 if is_guarded else 2
    assert books(refund) == ({refund.public_id: refund.amount}, times * refund.amount, "succeeded")


def test_a_worker_slower_than_its_claim_meets_the_next_one_and_it_counts_once(refund: Refund, monkeypatch: Any) -> None:
    meeting = Meeting().before(monkeypatch, refunds, "_succeeded")
    has_claimed = FORK.Event()

    def named(_code: str) -> Sandbox:
        has_claimed.set()
        return Sandbox()

    monkeypatch.setattr(refunds, "provider_named", named)
    got = in_processes(
        lambda: execute_refund(refund.pk, at=NOW),
        lambda: has_claimed.wait(10) and execute_refund(refund.pk, at=NOW + 5 * MINUTE),
    )

    assert meeting.happened
    assert sorted(got) == [False, True]
    assert books(refund) == ({refund.public_id: refund.amount}, refund.amount, "succeeded")


def test_more_than_was_paid_is_never_asked_back_at_once(order: Order, payment: Payment) -> None:
    tell(payment)
    line = order.lines.get()

    got = in_processes(
        *[
            lambda: tried(
                lambda: request_refund(order, Pieces({line: 2}), reason="goodwill", by=None, at=NOW) and "asked"
            )
        ]
        * 4
    )

    assert Counter(got) == {"asked": 1, "too_many_pieces": 3}
