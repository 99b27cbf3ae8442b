"""`apply_result`: the one way in which money becomes an order. Notices, queries and reconciliation all end here."""

import logging
from datetime import datetime

from django.db import transaction

from accounts.services import record
from core.errors import Refused
from core.jobs import enqueue
from orders import facts
from orders.holding import hold
from orders.letters import write_letter
from orders.models import Order, OrderLine, Payment, PaymentEvent, Refund
from orders.moving import moved
from orders.payments import Result
from orders.refunds import give_back
from orders.telling import tell_programs

logger = logging.getLogger(__name__)


@transaction.atomic(durable=True)
def apply_result(provider: str, result: Result, *, source: str, at: datetime) -> str:
    """Write down what the provider says and do what follows, once. Returns the verdict:

    `paid` (pending, or expired and everything could be held again), `repeat`, `pending`, `failed`, `closed`; and with
    everything given back `wrong_amount`, `double` (another payment has paid the order) and `too_late` (the order was
    cancelled, or what it held has gone). `unknown_payment` is kept for a person. Locks the order first.
    """
    payment = Payment.objects.filter(provider=provider, public_id=result.reference).first()
    if payment is None:
        logger.warning("payment.unknown", extra={"provider": provider})
        _keep(provider, None, result, source, at, "unknown_payment")
        return "unknown_payment"
    order = Order.objects.select_for_update(no_key=True).get(pk=payment.order_id)
    payment.refresh_from_db()
    payment.order = order
    if PaymentEvent.objects.filter(provider=provider, key=result.news).exists():
        return "repeat"
    verdict = _verdict(payment, result, at)
    _keep(provider, payment, result, source, at, verdict)
    return verdict


def _keep(provider: str, payment: Payment | None, result: Result, source: str, at: datetime, verdict: str) -> None:
    PaymentEvent.objects.get_or_create(
        provider=provider, key=result.news,
        defaults={
            "payment": payment, "source": source, "status": result.status[:12], "amount": result.amount,
            "currency": result.currency[:3], "said": result.said, "verdict": verdict, "at": at,
        },
    )  # fmt: skip


def _verdict(payment: Payment, result: Result, at: datetime) -> str:
    if result.status == "succeeded":
        return _succeeded(payment, result, at)
    state = {"failed": Payment.State.FAILED, "closed": Payment.State.CLOSED}.get(result.status)
    if state is None or payment.state != Payment.State.OPEN:
        return "pending" if result.status == "pending" else result.status
    payment.state, payment.ask_at = state, None
    payment.save(update_fields=["state", "ask_at"])
    if state == Payment.State.FAILED:
        record("order.payment_failed", payment.order, by=None, who="provider", payment=payment.public_id)
    return result.status


def _succeeded(payment: Payment, result: Result, at: datetime) -> str:
    order = payment.order
    if payment.state == Payment.State.SUCCEEDED:
        # One number was paid twice, by two trades: nobody knows yet whether money came twice.
        if result.provider_reference == payment.provider_reference and result.amount == payment.received_amount:
            return "repeat"
        _look_at(order, "paid_again")
        return "double"
    payment.state, payment.ask_at, payment.succeeded_at = Payment.State.SUCCEEDED, None, at
    payment.received_amount = max(result.amount or 0, 0)
    payment.provider_reference = result.provider_reference[:200]
    is_exact = result.amount == payment.amount and result.currency == payment.currency
    verdict = "wrong_amount" if not is_exact else _claim(order, at)
    payment.is_applied = verdict == "paid"
    payment.save()
    if verdict == "paid":
        _paid(payment, at)
        return verdict
    if payment.received_amount:
        give_back(payment, reason=_REASONS[verdict], at=at)
        write_letter(order, "payment_late", about=payment.public_id)
    if verdict == "wrong_amount":
        _look_at(order, "wrong_amount")
    return verdict


_REASONS = {
    "wrong_amount": Refund.Reason.WRONG_AMOUNT,
    "double": Refund.Reason.DOUBLE,
    "too_late": Refund.Reason.LATE,
}


def _claim(order: Order, at: datetime) -> str:
    """Whether the order can be this payment's: a pending one holds everything; one that expired takes it again, all or nothing."""
    if order.state == Order.State.PAID:
        return "double"
    if order.state == Order.State.CANCELLED:
        return "too_late"
    if order.state == Order.State.EXPIRED:
        lines = list(order.lines.select_related("product", "licence").order_by("pk"))
        try:
            with transaction.atomic():
                hold(order, lines, at=at)
        except Refused:
            return "too_late"
        OrderLine.objects.filter(pk__in=[line.pk for line in lines if line.licence_ids]).update(units_taken_at=at)
    return "paid"


def _paid(payment: Payment, at: datetime) -> None:
    order = payment.order
    order.state, order.paid_at, order.closed_at = Order.State.PAID, at, None
    order.save(update_fields=["state", "paid_at", "closed_at"])
    moved(order)
    facts.sales_of(order, at=at)
    record("order.paid", order, by=None, who="provider", payment=payment.public_id, amount=payment.received_amount)
    tell_programs(order, "order.paid", at=at)
    write_letter(order, "order_paid")
    if order.payments.filter(state=Payment.State.OPEN).exists():
        enqueue("orders.close_payments", order_id=order.pk)


def _look_at(order: Order, code: str) -> None:
    order.review = code
    order.save(update_fields=["review"])
