"""What happens to orders later. Every task may run twice, and finds its work in the rows."""

from celery import shared_task
from django.utils import timezone

from orders import asking, baskets, closing, facts, forgetting, letters, noticing, papers, refunds
from orders.models import Order

LIMITS = {"soft_time_limit": 240, "time_limit": 300}


@shared_task(name="orders.ask_payments", **LIMITS)
def ask_payments() -> None:
    """Ask providers about payments of which nothing was heard."""
    asking.ask_open_payments(at=timezone.now())


@shared_task(name="orders.close_payments", **LIMITS)
def close_payments(order_id: int) -> None:
    """Nobody shall pay what is over, or paid otherwise."""
    order = Order.objects.filter(pk=order_id).first()
    if order is not None:
        asking.close_payments(order, at=timezone.now())


@shared_task(name="orders.reconcile_payments", soft_time_limit=1700, time_limit=1800)
def reconcile_payments() -> None:
    """Compare the last days with what providers say, each night."""
    asking.reconcile(at=timezone.now())


@shared_task(name="orders.run_sandbox", **LIMITS)
def run_sandbox() -> None:
    """Let the sandbox's cashier do what it put off."""
    noticing.tell_late(at=timezone.now())


@shared_task(name="orders.expire_orders", **LIMITS)
def expire_orders() -> None:
    """End what was not paid in time; only to tidy, since whoever wants the pieces takes them over anyway."""
    closing.expire_orders(at=timezone.now())


@shared_task(name="orders.execute_refunds", **LIMITS)
def execute_refunds() -> None:
    refunds.execute_refunds(at=timezone.now())


@shared_task(name="orders.tell_licensing", **LIMITS)
def tell_licensing() -> None:
    facts.tell_licensing(at=timezone.now())


@shared_task(name="orders.send_letters", **LIMITS)
def send_letters() -> None:
    letters.send_letters(at=timezone.now())


@shared_task(name="orders.issue_documents", **LIMITS)
def issue_documents() -> None:
    papers.issue_documents(at=timezone.now())


@shared_task(name="orders.forget_buyers", **LIMITS)
def forget_buyers() -> None:
    while forgetting.forget_buyers(at=timezone.now()):
        pass


@shared_task(name="orders.prune_baskets", **LIMITS)
def prune_baskets() -> None:
    baskets.prune_baskets(at=timezone.now())
